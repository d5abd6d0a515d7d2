//! CancelRequest: a connection of its own that asks the server to stop a statement.
//!
//! See <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS>.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use pg_proto::backend::CancelKey;
use pg_proto::frontend::Opening;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::connect::secure;
use crate::dial::Dial;
use crate::errors::Reason;
use crate::tls::Connector;

/// A cancel that takes longer has missed its statement anyway.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Cancels what runs on one connection. Cheap to clone.
///
/// Goes to the address the connection reached, not to its name: a name may lead to another server. Uses TLS
/// when the connection does, so that the key is not seen on the way.
#[derive(Clone)]
pub struct Canceller {
    dial: Arc<dyn Dial>,
    address: SocketAddr,
    connector: Option<Connector>,
    key: CancelKey,
}

/// Why a cancel was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    #[error("the cancel request was not delivered in time")]
    TimedOut,
    #[error("the cancel request was not delivered")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Canceller {
    pub(crate) fn new(
        dial: Arc<dyn Dial>,
        address: SocketAddr,
        connector: Option<Connector>,
        key: CancelKey,
    ) -> Self {
        Self {
            dial,
            address,
            connector,
            key,
        }
    }

    /// Process id of the connection's backend.
    pub fn process_id(&self) -> i32 {
        self.key.process_id
    }

    /// Sends the request and waits until the server has handled it: it closes the connection then.
    ///
    /// Hits whatever runs at that moment; [`crate::Control::cancel`] makes sure that it is the right thing.
    pub async fn send(&self) -> Result<(), CancelError> {
        match timeout(TIMEOUT, self.deliver()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(CancelError::Failed(Box::new(reason))),
            Err(_) => Err(CancelError::TimedOut),
        }
    }

    async fn deliver(&self) -> Result<(), Reason> {
        let host = self.address.ip().to_string();
        let mut stream = self.dial.dial(&host, self.address.port(), &|_| ()).await?.stream;
        if let Some(connector) = &self.connector {
            stream = secure(stream, connector).await?.stream;
        }
        stream
            .write_all(&Opening::Cancel(self.key.clone()).to_bytes())
            .await?;
        stream.flush().await?;
        // The server answers nothing. Over TLS it may close without a word of TLS, which is no failure here.
        let _ = stream.read(&mut [0]).await;

        Ok(())
    }
}

impl std::fmt::Debug for Canceller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Canceller")
            .field("process_id", &self.key.process_id)
            .finish_non_exhaustive()
    }
}
