//! The wire protocol of OperatorOS.
