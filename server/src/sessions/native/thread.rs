//! A thread for the connections of one session.
//!
//! They write to one recording anyway, so they wait for its disk together and nothing else waits with them: no task has to
//! go aside for a write, and nobody wakes another thread for the next message.

use std::{io, thread};

use futures_util::future::BoxFuture;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

/// A running thread. It ends when this is dropped and what it runs is done.
pub struct Thread(mpsc::UnboundedSender<BoxFuture<'static, ()>>);

impl Thread {
    pub fn start() -> io::Result<Self> {
        // As many as the session has connections at once.
        let (tasks, come) = mpsc::unbounded_channel();
        let (tell, told) = std::sync::mpsc::channel();
        // Made there: a runtime must not be dropped here, should there be no room for a thread.
        thread::Builder::new()
            .name("native session".to_owned())
            .spawn(move || match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    // It is waited for.
                    let _ = tell.send(Ok(()));
                    work(&runtime, come);
                }
                Err(error) => drop(tell.send(Err(error))),
            })?;
        told.recv().map_err(io::Error::other)??;

        Ok(Self(tasks))
    }

    /// Runs `future` there and gives what it gives; `None` where it panicked.
    pub async fn run<T: Send + 'static>(&self, future: BoxFuture<'static, T>) -> Option<T> {
        let (done, is_done) = oneshot::channel();
        let task = async move {
            // Who waits for it may have gone.
            let _ = done.send(future.await);
        };
        // The thread is there as long as this is.
        let _sent = self.0.send(Box::pin(task));

        is_done.await.ok()
    }
}

fn work(runtime: &Runtime, mut come: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>) {
    proxy::settle();
    let tasks = TaskTracker::new();
    runtime.block_on(async {
        while let Some(task) = come.recv().await {
            tasks.spawn(task);
        }
        tasks.close();
        tasks.wait().await;
    });
}
