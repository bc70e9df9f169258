//! Tests of connections: frames in, frames out, over a transport in memory.

mod asks;
mod lines;
mod operating;
mod peer;
mod resume;
mod rights;
mod specialists;
mod stalls;
mod tasks;
