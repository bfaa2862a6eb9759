//! Log lines in JSON, and what those who write them call their parts.
//!
//! The names are those of CloudNativePG (`msg`, and PostgreSQL's own line in `record`), of Go's zap and slog
//! and of Rust's `tracing`, as JSON pointers (RFC 6901), those that say more first.

use serde_json::Value;

/// Where the time stands.
pub const TIME: [&str; 4] = ["/ts", "/time", "/timestamp", "/@timestamp"];
/// Where the level stands.
pub const LEVEL: [&str; 3] = ["/record/error_severity", "/level", "/severity"];
/// Where the message stands.
pub const MESSAGE: [&str; 4] = ["/record/message", "/msg", "/message", "/fields/message"];
/// Where it stands what went wrong.
pub const ERROR: [&str; 4] = ["/record/detail", "/error", "/fields/error", "/err"];

/// The first of these places that holds text, and the text.
pub fn text<'a>(line: &'a Value, places: &[&'static str]) -> Option<(&'static str, &'a str)> {
    let mut texts = places
        .iter()
        .filter_map(|place| Some((*place, line.pointer(place)?.as_str()?)));
    texts.find(|(_, text)| !text.is_empty())
}
