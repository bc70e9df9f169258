//! Keeps one thread's panics off the terminal while they are expected and caught.

use std::{cell::Cell, panic, sync::Once};

thread_local! {
    static HUSHED: Cell<bool> = const { Cell::new(false) };
}

/// Panics of this thread are not shown while this lives; those of other threads are.
pub(super) struct Hush;

/// Starts the silence. The hook is wrapped once and for all, so two threads cannot undo each other.
pub(super) fn hush() -> Hush {
    static WRAPPED: Once = Once::new();
    WRAPPED.call_once(|| {
        let show = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !HUSHED.get() {
                show(info);
            }
        }));
    });
    HUSHED.set(true);
    Hush
}

impl Drop for Hush {
    fn drop(&mut self) {
        HUSHED.set(false);
    }
}
