//! The application's own answer, asked through the ingress as a browser would.

use std::time::Duration;

use serde_json::Value;

use crate::names::Port;
use crate::project::Ready;

/// How long one answer may take.
const PATIENCE_SECONDS: u64 = 3;

/// What minreq calls an answer that never came.
const NO_STATUS: &str = "Server did not provide a status line";

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The application is ready, and it is this run's image.
    Ready,
    /// Not yet; in words.
    NotYet(String),
    /// The ingress knows no route, as long as it is new or for good; in words.
    NoRoute(String),
    /// It says that it is ready, but not as the project says; in words.
    Misfit(String),
}

impl Answer {
    /// What is missing, in words; nothing where it is ready.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Ready => None,
            Self::NotYet(words) | Self::NoRoute(words) | Self::Misfit(words) => Some(words),
        }
    }
}

/// What the ingress answered, not judged yet: its status and body, or why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply(Result<(u16, Vec<u8>), String>);

/// Asks once, and judges the answer.
pub fn ask(port: Port, ready: &Ready, image: &str) -> Answer {
    fetch(port, ready).judge(ready, image)
}

/// Asks once. Plain HTTP to 127.0.0.1, whatever the proxy variables say.
pub fn fetch(port: Port, ready: &Ready) -> Reply {
    let url = format!("http://127.0.0.1:{port}{}", ready.path);
    let reply = minreq::get(url)
        .with_timeout(PATIENCE_SECONDS)
        .with_follow_redirects(false)
        .send();
    Reply(match reply {
        // A load balancer that reaches no node: minreq makes a status up (3.0.0).
        Ok(reply) if reply.reason_phrase == NO_STATUS => Err("it closes the connection".into()),
        Ok(reply) => Ok((reply.status_code, reply.into_bytes())),
        Err(error) => Err(error.to_string()),
    })
}

impl Reply {
    /// A reply of this status and body.
    pub fn of(status: u16, body: &[u8]) -> Self {
        Self(Ok((status, body.to_vec())))
    }

    /// Judges it; `image` is the one that should answer.
    pub fn judge(&self, ready: &Ready, image: &str) -> Answer {
        match &self.0 {
            Err(error) => Answer::NotYet(format!("the ingress does not answer: {error}")),
            Ok((status, body)) => judge(*status, body, ready, image),
        }
    }
}

/// Judges an answer: 200 and JSON, from the image wanted, with all stores reached.
fn judge(status: u16, body: &[u8], ready: &Ready, image: &str) -> Answer {
    let path = ready.path;
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return match status {
            200 => Answer::Misfit(format!("{path} answers 200, and no JSON")),
            404 => Answer::NoRoute(format!(
                "{path} answers 404: the ingress knows no route yet, or the application no such path"
            )),
            502 | 503 => Answer::NotYet(format!("the ingress answers {status}: no pod is ready")),
            _ => Answer::NotYet(format!("{path} answers {status}, and no JSON")),
        };
    };
    let without = |pointer| match status {
        200 => Answer::Misfit(format!("{path} answers JSON that has nothing at {pointer}")),
        _ => Answer::NotYet(format!("{path} answers {status}")),
    };
    let Some(running) = body.pointer(ready.image).and_then(Value::as_str) else {
        return without(ready.image);
    };
    let mut pointers = ready.stores.iter().map(|(_, pointer)| *pointer);
    if let Some(pointer) = pointers.find(|pointer| body.pointer(pointer).is_none()) {
        return without(pointer);
    }
    if running != image {
        return Answer::NotYet(format!("{running} still answers"));
    }
    let is_missing = |pointer: &str| body.pointer(pointer) != Some(&Value::Bool(true));
    let missing = ready.stores.iter().filter(|(_, it)| is_missing(it));
    let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
    match (status, missing.as_slice()) {
        (200, []) => Answer::Ready,
        (_, []) => Answer::NotYet(format!("{path} answers {status}")),
        (_, missing) => Answer::NotYet(format!(
            "the application does not reach {}",
            missing.join(" and ")
        )),
    }
}

/// The pause between two questions.
pub const PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::thread;

    use super::*;
    use crate::project::PROJECT;

    fn judged(status: u16, body: &str) -> Answer {
        judge(status, body.as_bytes(), &PROJECT.ready, "ghillie:new")
    }

    #[test]
    fn a_connection_that_is_closed_is_no_answer_of_the_ingress() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = Port(listener.local_addr().unwrap().port());
        let answer = thread::scope(|scope| {
            scope.spawn(|| listener.accept().unwrap().0.read(&mut [0; 512]).unwrap());
            ask(port, &PROJECT.ready, "ghillie:new")
        });
        let Answer::NotYet(words) = answer else {
            panic!("it does not answer");
        };
        assert!(
            words.starts_with("the ingress does not answer: "),
            "{words}"
        );
    }

    #[test]
    fn only_this_image_with_all_its_stores_is_ready() {
        let body = |image, postgres, valkey| {
            format!(
                r#"{{"image":"{image}","postgres":{{"ok":{postgres}}},"valkey":{{"ok":{valkey}}}}}"#
            )
        };
        assert_eq!(judged(200, &body("ghillie:new", true, true)), Answer::Ready);
        for (status, body) in [
            (200, body("ghillie:old", true, true)),
            (200, body("ghillie:new", false, true)),
            (200, body("ghillie:new", true, false)),
            (503, body("ghillie:new", true, true)),
            (503, "no available server".into()),
            (503, r#"{"starting":true}"#.into()),
        ] {
            assert!(
                matches!(judged(status, &body), Answer::NotYet(_)),
                "{status} {body}"
            );
        }
        let not_found = judged(404, "404 page not found");
        assert!(matches!(not_found, Answer::NoRoute(_)), "{not_found:?}");
    }

    #[test]
    fn an_answer_of_200_that_is_not_as_the_project_says_names_what_it_lacks() {
        let misfit = |body| match judged(200, body) {
            Answer::Misfit(words) => words,
            other => panic!("{other:?}"),
        };
        assert_eq!(misfit("fine"), "/ready answers 200, and no JSON");
        let of_another_name = r#"{"version":"ghillie:new"}"#;
        let words = "/ready answers JSON that has nothing at /image";
        assert_eq!(misfit(of_another_name), words);
        let without_a_store = r#"{"image":"ghillie:new","postgres":{"ok":true}}"#;
        let words = "/ready answers JSON that has nothing at /valkey/ok";
        assert_eq!(misfit(without_a_store), words);
    }
}
