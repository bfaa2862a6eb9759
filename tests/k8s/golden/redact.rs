//! Takes secrets out of what was recorded, and what only makes it large.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Deserializer, Map, Value, json};

use super::manifest::each_secret;

/// What stands for a secret.
const REDACTED: &str = "REDACTED";
/// The keys of a Secret that hold none.
const OPEN: [&str; 6] = ["dbname", "host", "port", "type", "user", "username"];
/// The keys of a kubeconfig that hold one.
const KUBECONFIG: [&str; 4] = [
    "certificate-authority-data: ",
    "client-certificate-data: ",
    "client-key-data: ",
    "token: ",
];

/// The text without secrets, and the secrets that were in it.
///
/// Of a watch, which prints an object again with each change, the last state of each object is kept.
pub fn redact(text: &str) -> (String, Vec<String>) {
    let mut secrets = Vec::new();
    let documents = Deserializer::from_str(text).into_iter::<Value>();
    let mut documents: Vec<Value> = documents.map_while(Result::ok).collect();
    if let [Value::Object(info)] = documents.as_mut_slice()
        && info.contains_key("kernel")
    {
        return (without_machine(info), secrets);
    }
    let of_kubernetes = |document: &Value| document.get("kind").or(document.get("type")).is_some();
    if documents.is_empty() || !documents.iter().all(of_kubernetes) {
        let lines = text.split_inclusive('\n');
        let text = lines.map(|line| line_of_kubeconfig(line, &mut secrets));
        return (text.collect(), secrets);
    }
    let is_watch = documents[0].get("object").is_some();
    let mut documents = last_states(documents);
    for document in &mut documents {
        each_secret(document, &mut |data| close(data, &mut secrets));
        shrink(document);
    }
    let show = |document: &Value| {
        if is_watch {
            format!("{document}\n")
        } else {
            format!("{document:#}\n")
        }
    };
    (documents.iter().map(show).collect(), secrets)
}

/// What Docker says of its machine, without what xtask compares with its own machine, which is another one
/// when the reply is replayed.
fn without_machine(info: &mut Map<String, Value>) -> String {
    for (field, name) in [("kernel", "{KERNEL}"), ("time", "{TIME}")] {
        info.insert(field.to_owned(), json!(name));
    }
    format!("{}\n", json!(info))
}

fn line_of_kubeconfig(line: &str, secrets: &mut Vec<String>) -> String {
    let Some(key) = KUBECONFIG
        .iter()
        .find(|key| line.trim_start().starts_with(*key))
    else {
        return line.to_owned();
    };
    let (before, value) = line.split_once(key).unwrap_or_default();
    secrets.push(value.trim().to_owned());
    format!("{before}{key}{REDACTED}\n")
}

/// Closes a Secret's values; of a URL only its password.
fn close(data: &mut Map<String, Value>, secrets: &mut Vec<String>) {
    let closed = data
        .iter_mut()
        .filter(|(key, _)| !OPEN.contains(&key.as_str()));
    for (_, value) in closed {
        let encoded = value.as_str().unwrap_or_default().to_owned();
        let decoded = BASE64_STANDARD.decode(&encoded).unwrap_or_default();
        let text = String::from_utf8(decoded).unwrap_or_default();
        let (closed, secret) = match password(&text) {
            Some((before, password, after)) => (format!("{before}{REDACTED}{after}"), password),
            None => (REDACTED.to_owned(), text.as_str()),
        };
        secrets.extend([secret.to_owned(), encoded]);
        *value = json!(BASE64_STANDARD.encode(closed));
    }
}

/// What stands before, in and after the password of a URL such as `redis://user:password@host`.
fn password(url: &str) -> Option<(&str, &str, &str)> {
    let user = url.find("://")? + 3;
    let colon = user + url[user..].find(':')?;
    let at = colon + url[colon..].find('@')?;
    Some((&url[..=colon], &url[colon + 1..at], &url[at..]))
}

fn last_states(documents: Vec<Value>) -> Vec<Value> {
    let mut last: BTreeMap<String, (usize, Value)> = BTreeMap::new();
    for (number, document) in documents.into_iter().enumerate() {
        let uid = document
            .pointer("/object/metadata/uid")
            .and_then(Value::as_str);
        let uid = uid.map_or_else(|| number.to_string(), str::to_owned);
        last.insert(uid, (number, document));
    }
    let mut last: Vec<(usize, Value)> = last.into_values().collect();
    last.sort_by_key(|(number, _)| *number);
    last.into_iter().map(|(_, document)| document).collect()
}

/// Without who set which field when.
fn shrink(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(shrink),
        Value::Object(fields) => {
            fields.remove("managedFields");
            fields.values_mut().for_each(shrink);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_secret_only_what_is_none_is_kept() {
        let encoded = |text: &str| BASE64_STANDARD.encode(text);
        let secret = json!({ "kind": "Secret", "data": {
            "uri": encoded("postgresql://ghillie:hunter2@host:5432/db"),
            "password": encoded("hunter2"),
            "username": encoded("ghillie"),
        }});
        let (text, secrets) = redact(&json!({ "kind": "List", "items": [secret] }).to_string());
        assert!(
            text.contains(&encoded("postgresql://ghillie:REDACTED@host:5432/db")),
            "{text}"
        );
        assert!(text.contains(&encoded("ghillie")), "{text}");
        assert!(!text.contains(&encoded("hunter2")), "{text}");
        assert!(secrets.contains(&"hunter2".to_owned()));
    }

    #[test]
    fn of_a_kubeconfig_certificates_and_keys_are_taken() {
        let (text, secrets) = redact("users:\n- user:\n    client-key-data: abc\n");
        assert_eq!(text, "users:\n- user:\n    client-key-data: REDACTED\n");
        assert_eq!(secrets, ["abc"]);
    }

    #[test]
    fn of_a_watch_the_last_state_of_each_object_is_kept() {
        let event = |uid: &str, phase: &str| {
            json!({ "type": "MODIFIED", "object": { "metadata": { "uid": uid }, "phase": phase } })
                .to_string()
        };
        let text = [event("a", "1"), event("b", "1"), event("a", "2")].join("\n");
        let kept = [event("b", "1"), event("a", "2")]
            .map(|event| event + "\n")
            .concat();
        assert_eq!(redact(&text).0, kept);
    }
}
