//! Alerts: their course over values, and the owner over a stage.

mod course;
mod owner;
mod rules;
mod webhook;
