//! What children read: manifests, each in a golden file of its own.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::names::Names;

/// The manifests of a run, by the names of their files.
#[derive(Debug, Default)]
pub struct Manifests(pub BTreeMap<String, String>);

impl Manifests {
    /// Takes in what a child reads, and returns how the file `calls` shows it: by its file where it is a
    /// manifest, else as it is; `None` where it reads nothing.
    pub fn take(&mut self, stdin: &str, names: &Names) -> Option<String> {
        let Ok(mut manifest) = serde_json::from_str::<Value>(stdin) else {
            let text = names.hide(stdin.trim_end());
            return (!text.is_empty()).then_some(text);
        };
        each_secret(&mut manifest, &mut |data| open(data, names));
        let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
        let text = names.hide(&text) + "\n";
        let name = name(&manifest);
        let path = |number: usize| match number {
            1 => format!("manifests/{name}.json"),
            _ => format!("manifests/{name}-{number}.json"),
        };
        let fits = |path: &String| self.0.get(path).is_none_or(|other| *other == text);
        let path = (1..100).map(path).find(fits)?;
        self.0.insert(path.clone(), text);
        Some(path)
    }
}

/// Shows what a Secret's values decode to. A password that xtask made is another one in each run.
fn open(data: &mut Map<String, Value>, names: &Names) {
    for (key, value) in data {
        let decoded = value
            .as_str()
            .and_then(|text| BASE64_STANDARD.decode(text).ok());
        let Some(text) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) else {
            continue;
        };
        if key == "password" {
            names.set("PASSWORD", text.clone());
        }
        *value = json!(format!("base64 of {text}"));
    }
}

/// Calls `with` with the `data` of each Secret in a document.
pub fn each_secret(value: &mut Value, with: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each_secret(item, with)),
        Value::Object(fields) => {
            if fields.get("kind").is_some_and(|kind| kind == "Secret") {
                for part in ["data", "stringData"] {
                    if let Some(Value::Object(data)) = fields.get_mut(part) {
                        with(data);
                    }
                }
            }
            fields
                .values_mut()
                .for_each(|field| each_secret(field, with));
        }
        _ => {}
    }
}

/// `Secret-ghillie`; of a list, all its items.
fn name(manifest: &Value) -> String {
    if let Some(items) = manifest["items"].as_array() {
        return items.iter().map(name).collect::<Vec<_>>().join("+");
    }
    let text = |value: &Value| value.as_str().unwrap_or("unnamed").to_owned();
    format!(
        "{}-{}",
        text(&manifest["kind"]),
        text(&manifest["metadata"]["name"])
    )
}
