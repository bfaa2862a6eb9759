//! What `xtask/src/project.rs` says, as far as it can be looked at before anything is touched.

use std::path::Path;

use super::Preview;
use crate::project::Project;
use crate::settings::BadInput;

/// Checks what can be wrong with a project's description by itself.
///
/// # Errors
/// What is wrong, by the field's name.
pub fn description(project: &Project) -> Result<(), BadInput> {
    let ready = &project.ready;
    let pointers = ready.stores.iter().map(|(_, it)| ("ready.stores", *it));
    let paths = [("ready.path", ready.path), ("ready.image", ready.image)];
    for (field, value) in paths.into_iter().chain(pointers) {
        if !value.starts_with('/') {
            return Err(wrong(field, value, "it begins with a /"));
        }
    }
    let repository = project.image.repository;
    if repository.contains(|it: char| it.is_uppercase() || it.is_whitespace()) {
        let why = "the name of an image is lower-case and has no spaces";
        return Err(wrong("image.repository", repository, why));
    }
    Ok(())
}

fn wrong(field: &str, value: &str, why: &str) -> BadInput {
    BadInput(format!(
        "`{field}` in xtask/src/project.rs is {value:?}: {why}"
    ))
}

/// Checks that the files are there that the project names.
///
/// # Errors
/// Which is not, or cannot be used, and which field names it.
pub fn files(preview: &Preview, skip_build: bool) -> Result<(), BadInput> {
    let project = preview.project;
    let missing = |what: &str, field: &str, path: &Path| {
        let path = path.display();
        let field = format!("`{field}` in xtask/src/project.rs");
        Err(BadInput(format!("{what} is missing: {path} ({field})")))
    };
    let chart = preview.path(project.chart.path);
    if !chart.is_dir() {
        return missing("the application's chart", "chart.path", &chart);
    }
    if !chart.join("Chart.yaml").is_file() {
        let path = chart.display();
        return Err(BadInput(format!(
            "the application's chart is not a chart, it has no Chart.yaml: {path}"
        )));
    }
    let values = preview.path(project.chart.values);
    if !values.is_file() {
        return missing("the values file", "chart.values", &values);
    }
    check_values(&values)?;
    let dockerfile = preview.path(project.image.dockerfile);
    if !skip_build && !dockerfile.is_file() {
        return missing("the Dockerfile", "image.dockerfile", &dockerfile);
    }
    Ok(())
}

/// A values file that helm would refuse is met before anything is touched.
fn check_values(path: &Path) -> Result<(), BadInput> {
    let bad = |why: String| BadInput(format!("the values file {}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    match serde_yaml::from_str::<serde_yaml::Value>(&text) {
        Ok(serde_yaml::Value::Mapping(_) | serde_yaml::Value::Null) => Ok(()),
        Ok(_) => Err(bad("it must hold a map of values".into())),
        Err(error) => Err(bad(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Image, PROJECT, Ready};

    #[test]
    fn a_pointer_without_its_slash_and_a_repository_in_capitals_are_named() {
        let words = |project: Project| description(&project).unwrap_err().0;
        assert_eq!(description(&PROJECT), Ok(()));
        let ready = Ready {
            image: "version",
            ..PROJECT.ready
        };
        let said = words(Project { ready, ..PROJECT });
        assert!(
            said.starts_with("`ready.image` in xtask/src/project.rs is \"version\""),
            "{said}"
        );
        let ready = Ready {
            stores: &[("PostgreSQL", "db")],
            ..PROJECT.ready
        };
        let said = words(Project { ready, ..PROJECT });
        assert!(said.contains("`ready.stores`"), "{said}");
        let image = Image {
            repository: "Team/shop",
            ..PROJECT.image
        };
        let said = words(Project { image, ..PROJECT });
        assert!(said.contains("lower-case"), "{said}");
    }
}
