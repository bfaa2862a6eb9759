//! `cargo xtask k8s`: a local Kubernetes preview of this workspace's service.
//!
//! The way of `up` is config, observe, plan, execute: [`config`] says what is wanted, [`observe`] what is
//! there, [`plan`] what is to be done, and [`execute`] does it, each step as soon as what it needs is done.
//! One module knows each external program: [`docker`], [`k3d`], [`kubectl`], [`helm`].

pub mod application;
pub mod browser;
pub mod chart;
pub mod cmd;
pub mod completions;
pub mod config;
pub mod description;
pub mod diagnose;
pub mod digest;
pub mod docker;
pub mod doctor;
pub mod down;
pub mod dry_run;
pub mod exec;
pub mod execute;
pub mod flags;
pub mod halt;
pub mod helm;
pub mod image_cache;
pub mod ingress;
pub mod k3d;
pub mod kubeconfig;
pub mod kubectl;
pub mod listen;
pub mod lock;
pub mod log_line;
pub mod logs;
pub mod manifest;
pub mod names;
pub mod observe;
pub mod orphans;
pub mod plan;
pub mod pod;
pub mod postgres;
pub mod probe;
pub mod progress;
pub mod project;
pub mod run;
pub mod scoped;
pub mod session;
pub mod settings;
pub mod shell;
pub mod state;
pub mod status;
pub mod stdout;
pub mod stop;
pub mod stores;
pub mod time;
pub mod timings;
pub mod tools;
pub mod up;
pub mod valkey;
pub mod watch;
pub mod workload;
