//! PostgreSQL and Valkey: created, waited for, and made known to the application.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Up;
use super::charts::at_hand;
use super::secret::{random_password, with_password};
use super::wait::Wait;
use crate::cmd::Hidden;
use crate::diagnose;
use crate::execute::Did;
use crate::helm::Release;
use crate::plan::{Mend, Operators};
use crate::postgres;
use crate::progress::Line;
use crate::project::{Postgres, Valkey};
use crate::valkey::{self, Operator};

impl Up<'_> {
    /// Installs an operator. Its rollout is not waited for here: its resource is applied as soon as its API answers.
    pub(super) fn install(
        &self,
        release: &Release,
        mend: Option<Mend>,
        line: &Line,
    ) -> Result<Did> {
        let at_hand = at_hand(&self.cache, release);
        self.upgrade_definitions(&at_hand, line)?;
        self.upgrade(&at_hand, mend, line)?;
        Ok(Did::This(release.chart.title()))
    }

    /// Creates PostgreSQL, and waits for the Secret that the operator makes long before the server runs.
    pub(super) fn create_postgres(&self, wanted: &Value, line: &Line) -> Result<Did> {
        let postgres = self.postgres()?;
        self.apply_resource(wanted, postgres::RELEASE, postgres::CRD, line)?;
        let url = self.await_secret(&postgres::app_secret(postgres), "uri", line)?;
        self.know_url(postgres.variable, url);
        Ok(Did::This(postgres.name.to_owned()))
    }

    /// Creates Valkey, and knows its URL.
    pub(super) fn create_valkey(
        &self,
        operator: Operator,
        wanted: &Value,
        password: bool,
        line: &Line,
    ) -> Result<Did> {
        let project = self.valkey()?;
        let namespace = &self.config.preview.namespace;
        let secret = operator.password_secret(project);
        let made = if password {
            Some(Hidden(random_password()?))
        } else {
            None
        };
        let wanted = match &made {
            Some(password) => with_password(&secret, namespace, password, wanted),
            None => wanted.clone(),
        };
        self.apply_resource(&wanted, valkey::RELEASE, operator.crd(), line)?;
        let password = match made {
            Some(password) => password,
            None => self.await_secret(&secret, "password", line)?,
        };
        self.know_url(
            project.variable,
            operator.url(project, namespace, &password),
        );
        Ok(Did::This(format!("{} by {operator}", project.name)))
    }

    /// Waits until PostgreSQL takes connections.
    pub(super) fn await_postgres(&self, operators: Operators, line: &Line) -> Result<Did> {
        let postgres = self.postgres()?;
        if operators == Operators::Awaited {
            self.await_operator(postgres::RELEASE, postgres.wait, line)?;
        }
        let wait = Wait {
            resource: postgres::resource(postgres),
            ready: &postgres::is_ready,
            words: &diagnose::state_words,
            failed: &diagnose::postgres_fault,
            pods: &|pod| {
                pod.metadata.namespace == postgres::RELEASE.1
                    || pod.has_label(postgres::POD_LABEL, postgres.name)
            },
            limit: postgres.wait,
        };
        self.await_object(&wait, line)
            .map(|_| Did::This(String::new()))
    }

    /// Waits until Valkey is up.
    pub(super) fn await_valkey(
        &self,
        operator: Operator,
        operators: Operators,
        line: &Line,
    ) -> Result<Did> {
        let valkey = self.valkey()?;
        if operators == Operators::Awaited {
            self.await_operator(valkey::RELEASE, valkey.wait, line)?;
        }
        let wait = Wait {
            resource: operator.resource(valkey),
            ready: &|object| operator.is_ready(object),
            words: &diagnose::state_words,
            failed: &diagnose::valkey_fault,
            pods: &|pod| pod.metadata.namespace == valkey::RELEASE.1 || operator.owns(valkey, pod),
            limit: valkey.wait,
        };
        self.await_object(&wait, line)
            .map(|_| Did::This(String::new()))
    }

    fn postgres(&self) -> Result<&'static Postgres> {
        let postgres = self.config.preview.project.postgres.as_ref();
        postgres.context("this project has no PostgreSQL")
    }

    fn valkey(&self) -> Result<&'static Valkey> {
        let valkey = self.config.preview.project.valkey.as_ref();
        valkey.context("this project has no Valkey")
    }
}
