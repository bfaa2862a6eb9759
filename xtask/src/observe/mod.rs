//! What is there already: questions to the tools, asked at the same time, answered as plain data.
//!
//! A failed question is an error, never "absent".

mod cluster;
mod inside;
mod named;

pub use cluster::{BEGUN, Cluster, Leftovers, Owner, RECORD, Whole, observe_cluster, remains};
pub use inside::{Inside, Objects, observe_inside, observe_objects, record_manifest};
pub use named::observe_named;
