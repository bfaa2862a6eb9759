//! Manifests: what is sent to kubectl as JSON, and what is read of the objects that it answers with.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::cmd::Hidden;

/// Who made an object, in the words of Kubernetes' recommended labels.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "xtask-k8s");

/// What RFC 3986 leaves bare in a URL's user and password.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A namespace.
pub fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

/// A Secret. Its values are given as `data`: what is given as `stringData` is not seen when fields
/// conflict (server-side apply, Kubernetes 1.33).
pub fn secret(name: &str, namespace: &str, values: &BTreeMap<&str, Hidden>) -> Value {
    let data: Map<String, Value> = values
        .iter()
        .map(|(key, Hidden(value))| ((*key).to_owned(), json!(BASE64_STANDARD.encode(value))))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": name, "namespace": namespace, "labels": { (MANAGED_BY.0): MANAGED_BY.1 } },
        "data": data,
    })
}

/// One value of a Secret, decoded.
pub fn secret_value(secret: &Value, key: &str) -> Option<Hidden> {
    let encoded = secret["data"][key].as_str()?;
    let bytes = BASE64_STANDARD.decode(encoded).ok()?;
    String::from_utf8(bytes).ok().map(Hidden)
}

/// Text as it may stand in a URL's user or password.
pub fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Whether an object's condition of this type is `True`, and of the object as it is now.
pub fn condition(object: &Value, kind: &str) -> bool {
    let generation = object["metadata"]["generation"].as_u64();
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|condition| {
        let seen = condition["observedGeneration"].as_u64();
        condition["type"] == kind
            && condition["status"] == "True"
            && (seen.is_none() || seen >= generation)
    })
}

/// Whether `live` has everything that `wanted` asks for; it may have more, as servers fill in defaults.
pub fn covers(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| live.get(key).is_some_and(|live| covers(live, wanted))),
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len()
                && live
                    .iter()
                    .zip(wanted)
                    .all(|(live, wanted)| covers(live, wanted))
        }
        _ => live == wanted,
    }
}

/// A manifest with the values of its Secrets replaced by what says so.
pub fn without_secrets(manifest: &Value) -> Value {
    let mut manifest = manifest.clone();
    let secrets = match manifest.get_mut("items").and_then(Value::as_array_mut) {
        Some(items) => items.iter_mut().collect(),
        None => vec![&mut manifest],
    };
    for secret in secrets.into_iter().filter(|it| it["kind"] == "Secret") {
        for value in secret["data"]
            .as_object_mut()
            .into_iter()
            .flat_map(Map::values_mut)
        {
            *value = json!("<hidden>");
        }
    }
    manifest
}

/// A manifest as YAML, for eyes: kubectl is given JSON.
///
/// # Errors
/// Where it holds text that `serde_yaml` 0.9 would leave bare and a YAML 1.1 reader such as kubectl takes
/// for a boolean or a number: `yes`, `on`, `1_000`.
pub fn yaml(manifest: &Value) -> Result<String> {
    check_words(manifest)?;
    Ok(serde_yaml::to_string(manifest)?)
}

fn check_words(value: &Value) -> Result<()> {
    match value {
        Value::String(text) => check_word(text),
        Value::Array(items) => items.iter().try_for_each(check_words),
        Value::Object(fields) => fields
            .iter()
            .try_for_each(|(key, value)| check_word(key).and_then(|()| check_words(value))),
        _ => Ok(()),
    }
}

fn check_word(text: &str) -> Result<()> {
    let boolean = ["y", "n", "yes", "no", "on", "off"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    let number = text.contains('_') && text.replace('_', "").parse::<f64>().is_ok();
    ensure!(
        !boolean && !number,
        "{text:?} would read as a boolean or a number in YAML"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_survives_in_a_url() {
        let password: String = (' '..='~').collect();
        let encoded = percent_encode(&password);
        assert!(
            encoded
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-._~%".contains(c)),
            "{encoded}"
        );
        let decoded = percent_encoding::percent_decode_str(&encoded)
            .decode_utf8()
            .unwrap();
        assert_eq!(decoded, password);
    }

    #[test]
    fn a_secret_reads_back_as_it_was_written() {
        let password = Hidden((' '..='~').collect());
        let secret = secret("s", "n", &BTreeMap::from([("password", password.clone())]));
        assert_eq!(secret_value(&secret, "password"), Some(password));
        assert_eq!(secret_value(&secret, "other"), None);
    }

    #[test]
    fn words_that_yaml_readers_take_for_something_else_are_refused() {
        for word in ["y", "N", "yes", "No", "ON", "off", "1_000", "1_0.5"] {
            assert!(yaml(&json!({ "a": [word] })).is_err(), "{word}");
            assert!(yaml(&json!({ (word): 1 })).is_err(), "{word} as a key");
        }
        assert_eq!(
            yaml(&json!({ "a": "017", "b": "a_b", "c": "null" })).unwrap(),
            "a: '017'\nb: a_b\nc: 'null'\n"
        );
    }

    #[test]
    fn a_secret_is_shown_without_its_values() {
        let secret = secret(
            "s",
            "n",
            &BTreeMap::from([("password", Hidden("hunter2".into()))]),
        );
        let list = json!({ "kind": "List", "items": [secret.clone()] });
        for shown in [without_secrets(&secret), without_secrets(&list)] {
            assert!(
                !shown
                    .to_string()
                    .contains(&BASE64_STANDARD.encode("hunter2")),
                "{shown}"
            );
            assert!(
                shown.to_string().contains(r#""password":"<hidden>""#),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_live_object_may_have_more_than_was_asked_for() {
        let wanted = json!({ "spec": { "users": [{ "name": "a" }] } });
        assert!(covers(
            &json!({ "spec": { "users": [{ "name": "a", "on": true }], "x": 1 } }),
            &wanted
        ));
        assert!(!covers(
            &json!({ "spec": { "users": [{ "name": "b" }] } }),
            &wanted
        ));
        assert!(!covers(&json!({ "spec": { "users": [] } }), &wanted));
    }

    #[test]
    fn a_condition_of_an_older_generation_does_not_count() {
        let object = |seen| {
            json!({
                "metadata": { "generation": 2 },
                "status": { "conditions": [{ "type": "Ready", "status": "True", "observedGeneration": seen }] },
            })
        };
        assert!(condition(&object(2), "Ready"));
        assert!(!condition(&object(1), "Ready"));
    }
}
