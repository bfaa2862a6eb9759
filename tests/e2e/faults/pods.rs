//! What a pod's own state tells: told as soon as it is certain, not when a wait ends.

use anyhow::{Result, ensure};
use xtask::project::PROJECT;

use super::{SECONDS, recover};
use crate::harness::Test;
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["faults::pods":
        a_crash_loop,
        a_program_that_wants_too_much_memory,
        an_image_that_cannot_be_pulled,
        no_node_that_is_large_enough,
        a_secret_that_is_missing,
        a_configmap_that_is_missing,
        a_probe_that_fails,
    ]
}

/// The template of the pods.
const TEMPLATE: &str = "charts/ghillie/templates/deployment.yaml";
/// Where the container's own fields begin.
const CONTAINER: &str = "          imagePullPolicy:";

/// One fault of a pod.
struct Row {
    fault: &'static str,
    /// The file that is changed, and how.
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// How many seconds it must be there before it is certain.
    certain: u64,
    /// What the error must say.
    words: &'static [&'static str],
}

/// Given a preview, when the row's change is deployed, then the fault is told, and the next `up` without
/// it is well.
fn run(stage: &mut Stage, row: &Row) -> Result<()> {
    let preview = stage.running()?;
    preview.workspace.replace(row.file, row.from, row.to)?;
    let ran = preview.run(&["up"])?;
    preview.workspace.restore(row.file)?;
    ran.exits(1)?.within(row.certain + SECONDS)?;
    for words in row.words {
        ran.says(words)?;
    }
    ran.says("next: ")?;
    ensure!(ran.stdout.is_empty(), "a URL was printed\n{ran}");
    recover(stage, &preview, row.fault, &ran)?;
    stage.keep(preview);
    Ok(())
}

fn a_crash_loop(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "a program that ends again and again",
        file: TEMPLATE,
        from: CONTAINER,
        to: "          command: [sh, -c, 'echo boom: cannot read its settings; exit 3']\n          imagePullPolicy:",
        certain: 5,
        words: &["exit status 3", "boom: cannot read its settings"],
    };
    run(stage, &row)
}

fn a_program_that_wants_too_much_memory(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "a program that wants more memory than it may have",
        file: TEMPLATE,
        from: CONTAINER,
        to: "          command: [sh, -c, 'sleep 1; exec tail /dev/zero']\n          imagePullPolicy:",
        certain: 12,
        words: &["OOMKilled", "memory"],
    };
    run(stage, &row)
}

fn an_image_that_cannot_be_pulled(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "an image that cannot be pulled",
        file: TEMPLATE,
        from: "      containers:\n",
        to: "      initContainers:\n        - name: first\n          image: 127.0.0.1:1/nowhere:1\n      containers:\n",
        // Nothing listens there, and something might soon.
        certain: 25,
        words: &["127.0.0.1:1/nowhere:1", "ImagePull"],
    };
    run(stage, &row)
}

fn no_node_that_is_large_enough(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "no node that is large enough",
        file: PROJECT.chart.values,
        from: "cpu: 10m",
        to: "cpu: 1000",
        certain: 10,
        words: &["Unschedulable", "Insufficient cpu"],
    };
    run(stage, &row)
}

fn a_secret_that_is_missing(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "a Secret that is missing",
        file: TEMPLATE,
        from: "          envFrom:\n",
        to: "          envFrom:\n            - secretRef:\n                name: nowhere\n",
        certain: 5,
        words: &["secret \"nowhere\" not found"],
    };
    run(stage, &row)
}

fn a_configmap_that_is_missing(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "a ConfigMap that is missing, for a volume",
        file: TEMPLATE,
        from: "      containers:\n        - name: ghillie\n",
        to: concat!(
            "      volumes: [{ name: settings, configMap: { name: nowhere } }]\n",
            "      containers:\n        - name: ghillie\n",
            "          volumeMounts: [{ name: settings, mountPath: /settings }]\n",
        ),
        certain: 10,
        words: &["configmap \"nowhere\" not found"],
    };
    run(stage, &row)
}

fn a_probe_that_fails(stage: &mut Stage) -> Result<()> {
    let row = Row {
        fault: "a readiness probe that fails",
        file: TEMPLATE,
        from: "path: /ready",
        to: "path: /nowhere",
        certain: 30,
        words: &["Readiness probe failed", "404"],
    };
    run(stage, &row)
}
