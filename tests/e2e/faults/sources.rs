//! What a developer breaks in the workspace: code, Dockerfile, chart, values.

use anyhow::{Result, ensure};
use xtask::project::PROJECT;

use super::recover;
use crate::harness::Test;
use crate::stage::Stage;
use crate::workspace::ROUTES;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::sources":
        code_that_does_not_compile,
        a_dockerfile_that_does_not_build,
        a_template_that_does_not_render,
        values_that_are_no_yaml,
        values_that_the_chart_refuses,
        an_ingress_that_does_not_serve_the_url,
    ]
}

/// A broken file.
struct Row {
    fault: &'static str,
    file: &'static str,
    /// What is added to it.
    text: &'static str,
    code: i32,
    words: &'static [&'static str],
}

/// Given a preview, when a file is broken, then the builder's or helm's own words are told at once; and the
/// preview is as it was.
fn run(stage: &mut Stage, row: &Row) -> Result<()> {
    let preview = stage.running()?;
    let image = preview.deployed()?;
    preview.workspace.append(row.file, row.text)?;
    let ran = preview.run(&["up", "--timings"])?;
    preview.workspace.restore(row.file)?;
    ran.exits(row.code)?.within(30)?;
    if row.code == 1 {
        // Where the time went is told where it failed, too.
        ran.says("began at")?.says("(failed)")?;
    }
    for words in row.words {
        ran.says(words)?;
    }
    ensure!(ran.stdout.is_empty(), "a URL was printed\n{ran}");
    ensure!(
        preview.deployed()? == image,
        "another image was deployed\n{ran}"
    );
    recover(stage, &preview, row.fault, &ran)?;
    stage.keep(preview);
    Ok(())
}

fn code_that_does_not_compile(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "code that does not compile",
        file: ROUTES,
        text: "\nfn broken() -> u32 { \"text\" }\n",
        code: 1,
        words: &["mismatched types", "could not compile"],
    };
    run(stage, &row)
}

fn a_dockerfile_that_does_not_build(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "a Dockerfile that does not build",
        file: PROJECT.image.dockerfile,
        text: "\nRUN echo the last words of the build; false\n",
        code: 1,
        words: &["the last words of the build"],
    };
    run(stage, &row)
}

fn a_template_that_does_not_render(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "a chart that does not render",
        file: "charts/ghillie/templates/service.yaml",
        text: "\n{{ fail \"this template is broken\" }}\n",
        code: 1,
        words: &["this template is broken"],
    };
    run(stage, &row)
}

fn values_that_are_no_yaml(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "values that are no YAML",
        file: PROJECT.chart.values,
        text: "\nimage: [\n",
        code: 2,
        words: &["values_local.yaml"],
    };
    run(stage, &row)
}

fn values_that_the_chart_refuses(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "values that the chart refuses",
        file: PROJECT.chart.values,
        text: "\nnothingKnown: true\n",
        code: 1,
        words: &["nothingKnown"],
    };
    run(stage, &row)
}

fn an_ingress_that_does_not_serve_the_url(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "an Ingress that does not serve the URL",
        file: PROJECT.chart.values,
        text: "\ningress:\n  className: nginx\n",
        code: 1,
        words: &["is of the class nginx", "next: mend it in"],
    };
    run(stage, &row)
}
