//! What programs write beside their output: the file of `--metadata-file`, a chart in the folder of
//! `--destination`, and a saved image that `tar -x` unpacks.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::server::{Request, TAR};

/// What was written, as a reply keeps it; `None` where it wrote nothing.
pub fn read(request: &Request) -> Option<String> {
    if let Some(file) = request.after("--metadata-file") {
        return fs::read_to_string(file).ok();
    }
    if request.after("--destination").is_some() {
        return Some(TAR.to_owned());
    }
    unpacked(request).and_then(read_image)
}

/// Writes what a reply has kept.
pub fn write(request: &Request, text: &str) -> io::Result<()> {
    if let Some(file) = request.after("--metadata-file") {
        return fs::write(file, text);
    }
    if let Some(folder) = request.after("--destination") {
        return fs::write(Path::new(folder).join("chart.tgz"), text);
    }
    unpacked(request).map_or(Ok(()), |folder| write_image(folder, text))
}

fn unpacked(request: &Request) -> Option<&Path> {
    let unpacks = request.program == "tar" && request.args.iter().any(|arg| arg == "-x");
    request.after("-C").filter(|_| unpacks).map(Path::new)
}

/// Of an image the names of its files, and the digests of its layers.
fn read_image(folder: &Path) -> Option<String> {
    let read = |name: &str| -> Option<Value> {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).ok()?).ok()
    };
    let manifest = read("manifest.json")?;
    let config = read(manifest[0]["Config"].as_str()?)?;
    let image = json!({ "manifest": manifest, "config": { "rootfs": config["rootfs"] } });
    Some(format!("{image:#}\n"))
}

/// The image with empty layers.
fn write_image(folder: &Path, text: &str) -> io::Result<()> {
    let image: Value = serde_json::from_str(text)?;
    let saved = &image["manifest"][0];
    let put = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)
    };
    for layer in saved["Layers"].as_array().into_iter().flatten() {
        put(layer.as_str().unwrap_or_default(), "")?;
    }
    put(
        saved["Config"].as_str().unwrap_or_default(),
        &image["config"].to_string(),
    )?;
    put("manifest.json", &image["manifest"].to_string())
}
