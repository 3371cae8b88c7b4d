//! What several test programs share.

#![allow(dead_code, reason = "each test program compiles this file for itself and uses a part of it")]

pub(crate) mod cost;
pub(crate) mod data;
pub(crate) mod golden;
pub(crate) mod stacks;
