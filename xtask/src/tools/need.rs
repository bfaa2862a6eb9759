//! The tools of one verb. `up` alone needs all of them, and alone fetches what is missing.

use super::{Cache, Problems, Source, Tool, ready};
use crate::config::Preview;
use crate::exec::Exec;

/// Makes sure that these tools are there and new enough, and fetches nothing. It may be asked again and again:
/// a tool that was found in this run, or made ready by `up`, is not looked for any more.
///
/// # Errors
/// All of them that are missing, too old or not executable, and where to get them.
pub fn need(exec: &Exec, preview: &Preview, tools: &[Tool]) -> Result<(), Problems> {
    let is_new = |tool: &Tool| !exec.has_program(tool.name());
    let tools: Vec<Tool> = tools.iter().copied().filter(is_new).collect();
    if tools.is_empty() {
        return Ok(());
    }
    let cache = Cache::of_user(&preview.root);
    let source = Source::LeftTo(preview.command("up"));
    ready(exec, &cache, &tools, &source, &|_, _| {})?.give_to(exec);
    Ok(())
}
