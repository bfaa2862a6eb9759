//! What a user does with a preview, each as given, when and then.

mod changes;
mod daily;
mod four_scenarios;
mod hyperspike;
mod mending;
mod neighbours;
mod ownership;
mod passwords;
mod starting;
mod takeover;

use crate::harness::Test;

/// All scenarios: first those that share one preview, which the last of them deletes.
pub fn tests() -> Vec<Test> {
    let (first, last) = (four_scenarios::tests(), four_scenarios::last());
    [
        first,
        mending::tests(),
        starting::tests(),
        daily::tests(),
        passwords::tests(),
        ownership::beside_another(),
        last,
        changes::tests(),
        ownership::not_ours(),
        hyperspike::tests(),
        takeover::tests(),
    ]
    .concat()
}
