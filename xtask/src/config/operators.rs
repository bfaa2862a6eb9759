//! The operators' charts, as far as others than the project's own were asked for.

use crate::chart::{self, Chart};
use crate::flags::ChartFlags;
use crate::project;
use crate::settings::{self, BadInput, Given};
use crate::valkey::Operator;

/// Which Valkey operator, and where from.
#[derive(Debug, Clone, Default)]
pub struct Valkey {
    /// The operator that was asked for; else a cluster keeps the one it has.
    pub asked: Option<Given<Operator>>,
    chart: AskedChart,
}

/// Which chart of an operator, as far as one was asked for.
#[derive(Debug, Clone, Default)]
pub struct AskedChart {
    chart: Option<Given<String>>,
    version: Option<Given<String>>,
}

impl AskedChart {
    /// That of CloudNativePG.
    ///
    /// # Errors
    /// Where a variable is not valid UTF-8.
    pub fn of_cnpg(flags: &ChartFlags) -> Result<Self, BadInput> {
        Ok(Self {
            chart: settings::CNPG_CHART.text(flags.cnpg_chart.as_deref())?,
            version: settings::CNPG_VERSION.text(flags.cnpg_version.as_deref())?,
        })
    }

    /// The chart that was asked for, else the usual one.
    ///
    /// # Errors
    /// Where a path is no chart.
    pub fn choose(&self, usual: &chart::Source) -> Result<Chart, BadInput> {
        Chart::choose(self.chart.clone(), self.version.clone(), usual)
    }
}

impl Valkey {
    /// What flags and environment ask for.
    ///
    /// # Errors
    /// Where there is no such operator.
    pub fn new(flags: &ChartFlags) -> Result<Self, BadInput> {
        Ok(Self {
            asked: settings::VALKEY_OPERATOR.get(flags.valkey_operator.as_deref())?,
            chart: AskedChart {
                chart: settings::VALKEY_CHART.text(flags.valkey_chart.as_deref())?,
                version: settings::VALKEY_VERSION.text(flags.valkey_version.as_deref())?,
            },
        })
    }

    /// Checks the chart as far as it is known for which operator: a cluster keeps the one it has.
    ///
    /// # Errors
    /// Where it fits none that it may be for.
    pub fn check(&self, valkey: &project::Valkey) -> Result<(), BadInput> {
        let usual = self.chart(self.of_new_cluster(valkey), valkey);
        let chart = if self.asked.is_some() {
            usual
        } else {
            usual.or_else(|error| {
                let mut all = Operator::ALL.into_iter();
                let other = all.find_map(|operator| self.chart(operator, valkey).ok());
                other.ok_or(error)
            })
        };
        chart.map(drop)
    }

    /// The operator of a new cluster.
    pub fn of_new_cluster(&self, valkey: &project::Valkey) -> Operator {
        let asked = self.asked.as_ref();
        asked.map_or(valkey.operator, |given| given.value)
    }

    /// The chart for `operator`: the one that was asked for, else the operator's own.
    ///
    /// # Errors
    /// Where a path is no chart, or a folder that does not bring the operator's resource: one variable
    /// serves both operators, so that is an easy mistake.
    pub fn chart(&self, operator: Operator, valkey: &project::Valkey) -> Result<Chart, BadInput> {
        let chart = self.chart.choose(&operator.source(valkey))?;
        if chart.lacks(operator.crd()) {
            let from = self
                .chart
                .chart
                .as_ref()
                .map(|given| format!(" from {}", given.from));
            return Err(BadInput(format!(
                "the chart '{}'{} does not serve {}, which the Valkey operator {operator} needs: it is another operator's chart, or set {} (valkey-io or hyperspike)",
                chart.args().join(" "),
                from.unwrap_or_default(),
                operator.crd(),
                settings::VALKEY_OPERATOR.variable(),
            )));
        }
        Ok(chart)
    }
}
