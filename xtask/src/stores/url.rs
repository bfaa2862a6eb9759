//! A store's URL, `scheme://user:password@host:port/path`, taken apart.

use percent_encoding::percent_decode_str;

use crate::cmd::Hidden;
use crate::names::Port;

/// What stands for a password that is not to be shown.
const HIDDEN: &str = "***";

/// The parts that matter outside the cluster, as they stand in the URL.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    scheme: String,
    user: String,
    password: Hidden,
    path: String,
}

impl StoreUrl {
    /// Takes a URL apart; `None` where it has no user and password.
    pub fn read(Hidden(url): &Hidden) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (user, password) = authority.rsplit_once('@')?.0.split_once(':')?;
        Some(Self {
            scheme: scheme.to_owned(),
            user: user.to_owned(),
            password: Hidden(password.to_owned()),
            path: path.to_owned(),
        })
    }

    /// The user's name.
    pub fn user(&self) -> String {
        decoded(&self.user)
    }

    /// The password.
    pub fn password(&self) -> Hidden {
        Hidden(decoded(&self.password.0))
    }

    /// The URL of the same store at a port of this machine; without its password unless that is asked for.
    pub fn at(&self, port: Port, with_password: bool) -> String {
        let Self {
            scheme, user, path, ..
        } = self;
        let password = if with_password {
            &self.password.0
        } else {
            HIDDEN
        };
        format!("{scheme}://{user}:{password}@127.0.0.1:{port}{path}")
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::percent_encode;

    fn read(url: &str) -> StoreUrl {
        StoreUrl::read(&Hidden(url.into())).unwrap()
    }

    #[test]
    fn a_forwarded_url_shows_its_password_only_where_that_is_asked_for() {
        let url = read("postgresql://ghillie:s3cret@pg-ghillie-rw.ghillie:5432/ghillie");
        assert_eq!(
            url.at(Port(4), false),
            "postgresql://ghillie:***@127.0.0.1:4/ghillie"
        );
        assert_eq!(
            url.at(Port(4), true),
            "postgresql://ghillie:s3cret@127.0.0.1:4/ghillie"
        );
        assert_eq!(
            read("redis://default:s3cret@valkey-ghillie.ghillie:6379").at(Port(4), false),
            "redis://default:***@127.0.0.1:4"
        );
    }

    #[test]
    fn a_url_without_password_is_none() {
        for url in ["", "redis://h:1", "redis://user@h:1", "user:pw@h"] {
            assert!(StoreUrl::read(&Hidden(url.into())).is_none(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn any_password_is_read_as_it_was_written(user in "\\PC+", password in "\\PC*") {
            let (name, secret) = (percent_encode(&user), percent_encode(&password));
            let url = read(&format!("redis://{name}:{secret}@h:1/0"));
            prop_assert_eq!(url.user(), user);
            prop_assert!(url.password() == Hidden(password));
        }

        #[test]
        fn no_text_is_too_strange_to_be_read(text in ".*") {
            let _ = StoreUrl::read(&Hidden(text));
        }
    }
}
