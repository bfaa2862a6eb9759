//! The other Valkey operator.

use std::path::Path;

use anyhow::{Result, ensure};
use xtask::project::PROJECT;

use crate::harness::Test;
use crate::stage::Stage;

/// The tests.
pub fn tests() -> Vec<Test> {
    tests!["hyperspike": valkey_by_the_other_operator]
}

fn valkey_by_the_other_operator(stage: &mut Stage) -> Result<()> {
    // Given a machine without a preview,
    let mut preview = stage.preview()?;
    // Where the charts are folders, the other operator's stands beside the usual one.
    let usual = std::env::var("GHILLIE_K3D_VALKEY_CHART");
    if let Ok(chart) = &usual {
        let other = Path::new(chart).with_file_name("hyperspike-valkey-operator");
        preview.set("GHILLIE_K3D_VALKEY_CHART", other.display().to_string());
    }

    // when `up` is run with that operator, then the application reaches the Valkey that it made,
    let ran = preview.run(&["up", "--valkey-operator", "hyperspike"])?;
    ran.is_up()?;
    preview.object(&["valkeys.hyperspike.io", "valkey-ghillie"])?;
    let url = preview.secret(PROJECT.secret, "VALKEY_URL")?;
    ensure!(url.contains("@valkey-ghillie."), "not its Valkey");

    // and the cluster keeps it without being told again;
    preview.up()?.within(15)?;
    // another one is refused, with what to do.
    if let Ok(chart) = usual {
        preview.set("GHILLIE_K3D_VALKEY_CHART", chart);
    }
    let ran = preview.run(&["up", "--valkey-operator", "valkey-io"])?;
    ran.exits(1)?.within(15)?.says("hyperspike")?.says("down")?;
    preview.down().map(drop)
}
