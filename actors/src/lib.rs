#![doc = include_str!("../README.md")]

pub mod courier;
pub mod kept;
pub mod ports;
pub mod process;
pub mod protocol;
pub mod service;
pub mod session;
pub mod supervision;
