//! A log line in JSON as people read it: time, level, message, and then the rest.

use serde_json::Value;

use crate::log_line;
use crate::progress::{Colour, Paint, clean};

/// The line for people; `None` where it is not JSON, or says nothing that is known, and stays as it is.
///
/// It may be several lines: a message may hold more than one, as that of a panic does.
pub fn readable(line: &[u8], paint: Paint) -> Option<String> {
    if !line.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let line: Value = serde_json::from_slice(line).ok()?;
    let level = log_line::text(&line, &log_line::LEVEL);
    let message = log_line::text(&line, &log_line::MESSAGE);
    let time = log_line::TIME
        .iter()
        .find_map(|place| Some((*place, clock(line.pointer(place)?)?)));
    if level.is_none() && message.is_none() {
        return None;
    }
    let mut known: Vec<&str> = [
        time.as_ref().map(|it| it.0),
        level.map(|it| it.0),
        message.map(|it| it.0),
    ]
    .into_iter()
    .flatten()
    .collect();
    if message.is_some_and(|(place, _)| place.starts_with("/record/")) {
        // CloudNativePG's own level and message of a line of PostgreSQL's are always `info` and `record`.
        known.extend(["/level", "/msg"]);
    }
    let mut rest = Vec::new();
    collect(&line, "", "", &known, &mut rest);
    let parts = [
        time.map(|(_, time)| paint.with(Colour::Dim, &time)),
        level.map(|(_, level)| painted_level(level, paint)),
        message.map(|(_, message)| clean(message).trim_end().replace('\n', "\n    ")),
        (!rest.is_empty()).then(|| paint.with(Colour::Dim, &clean(&rest.join(" ")))),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// The level in five columns.
fn painted_level(level: &str, paint: Paint) -> String {
    let level = clean(level).trim().to_uppercase();
    let colour = match level.as_str() {
        "ERROR" | "FATAL" | "PANIC" | "DPANIC" | "CRITICAL" => Colour::Red,
        "WARN" | "WARNING" => Colour::Yellow,
        "DEBUG" | "TRACE" => Colour::Dim,
        _ => Colour::Green,
    };
    paint.with(colour, &format!("{level:<5}"))
}

/// The time of day in milliseconds, with its offset from UTC: from RFC 3339, or from seconds since 1970.
/// Any other text is the time as it stands.
fn clock(time: &Value) -> Option<String> {
    if let Some(text) = time.as_str() {
        return Some(of_day(text).unwrap_or_else(|| clean(text)));
    }
    let seconds = time.as_f64().filter(|time| *time >= 0.0)?;
    // Milliseconds, as some count, would be a year after 5000.
    let seconds = if seconds > 1e11 {
        seconds / 1000.0
    } else {
        seconds
    };
    let of_day = std::time::Duration::try_from_secs_f64(seconds % 86_400.0).ok()?;
    let (seconds, millis) = (of_day.as_secs(), of_day.subsec_millis());
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    Some(format!(
        "{hours:02}:{minutes:02}:{:02}.{millis:03}Z",
        seconds % 60
    ))
}

fn of_day(text: &str) -> Option<String> {
    let (date, time) = text.split_once(['T', ' '])?;
    let zone = time.find(['Z', '+', '-', ' '])?;
    let (time, zone) = (time.get(..zone)?, time.get(zone..)?);
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = date.len() == 10
        && whole.len() == 8
        && whole.split(':').count() == 3
        && whole.split(':').all(digits)
        && digits(fraction);
    let millis = fraction.get(..3).unwrap_or(fraction);
    is_time.then(|| format!("{whole}.{millis:0<3}{}", clean(zone)))
}

/// What is left of a line, as `name=value`; what is nested is named by its path, what is empty left out.
fn collect(value: &Value, name: &str, place: &str, known: &[&str], rest: &mut Vec<String>) {
    match value {
        _ if known.contains(&place) => {}
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = match name {
                    "" => field.clone(),
                    outer => format!("{outer}.{field}"),
                };
                collect(value, &name, &format!("{place}/{field}"), known, rest);
            }
        }
        Value::String(text) if is_plain(text) => rest.push(format!("{name}={text}")),
        other => rest.push(format!("{name}={other}")),
    }
}

/// Whether text needs no quotes to be told from what follows it.
fn is_plain(text: &str) -> bool {
    !text.contains(|char: char| char.is_whitespace() || char.is_control() || "\"='".contains(char))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnose::fixtures::any_json;

    fn shown(line: &str) -> Option<String> {
        readable(line.as_bytes(), Paint(false))
    }

    #[test]
    fn a_line_of_cloudnativepg_shows_postgresqls_own() {
        let line = r#"{"level":"info","ts":"2026-11-24T02:38:18.382693054Z","logger":"postgres","msg":"record","logging_pod":"pg-ghillie-1","record":{"log_time":"2026-11-24 02:38:18.380 UTC","error_severity":"LOG","message":"checkpoint starting: time","query_id":"0"}}"#;
        assert_eq!(
            shown(line).unwrap(),
            r#"02:38:18.382Z LOG   checkpoint starting: time logger=postgres logging_pod=pg-ghillie-1 record.log_time="2026-11-24 02:38:18.380 UTC" record.query_id=0"#
        );
    }

    #[test]
    fn the_lines_of_other_writers_are_understood() {
        let ours = r#"{"address":"0.0.0.0:8080","level":"info","message":"listening"}"#;
        assert_eq!(shown(ours).unwrap(), "INFO  listening address=0.0.0.0:8080");
        let zap =
            r#"{"level":"error","ts":1764000000.25,"msg":"failed","error":"exit 1","n":[1,2]}"#;
        assert_eq!(
            shown(zap).unwrap(),
            r#"16:00:00.250Z ERROR failed error="exit 1" n=[1,2]"#
        );
        let tracing = r#"{"timestamp":"2026-11-24T02:38:18+01:00","level":"WARN","fields":{"message":"slow","took":2.5},"target":"app"}"#;
        assert_eq!(
            shown(tracing).unwrap(),
            "02:38:18.000+01:00 WARN  slow fields.took=2.5 target=app"
        );
    }

    #[test]
    fn what_is_not_known_stays_as_it_is() {
        for line in ["", "plain", "{cut", "{}", r#"{"a":1}"#, "[1]", "\"text\""] {
            assert_eq!(shown(line), None, "{line}");
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_dropped() {
        let line =
            r#"{"level":"info","msg":"a\u001b[2Jb\nc","title":"\u001b]0;x\u0007y","t":"\u009b1m"}"#;
        let shown = shown(line).unwrap();
        assert_eq!(shown.lines().collect::<Vec<_>>()[..1], ["INFO  ab"]);
        assert!(shown.contains("\n    c"), "{shown}");
        assert!(!shown.contains(|char: char| char.is_control() && char != '\n'));
    }

    #[test]
    fn colours_tell_level_and_rest() {
        let line = br#"{"level":"error","msg":"no","a":1}"#;
        assert_eq!(
            readable(line, Paint(true)).unwrap(),
            "\x1b[1;31mERROR\x1b[0m no \x1b[2ma=1\x1b[0m"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(line in prop::collection::vec(any::<u8>(), 0..200)) {
            readable(&line, Paint(true));
            readable(&[b"{\"msg\":\"", &line[..], b"\"}"].concat(), Paint(true));
        }

        #[test]
        fn no_json_is_too_strange(part in any_json(), time in any_json(), name in "[a-z@/~]{0,9}") {
            let line = serde_json::json!({ "msg": "m", "ts": time, "record": part, "fields": part, name: part });
            let shown = readable(line.to_string().as_bytes(), Paint(false)).unwrap();
            prop_assert!(!shown.contains(|char: char| char.is_control() && char != '\n' && char != '\t'));
        }
    }
}
