//! The one way to a target database: dial, TLS, authenticate, pump, cancel.
//!
//! Whatever talks to a target is a client of this crate: the web terminal over an in-memory stream, a native client over
//! its own. Credentials are injected, statements recorded and gates kept here and nowhere
//! else. Nothing is spawned: a caller gets futures. The clock is an argument.

pub mod cancel;
pub mod connect;
pub mod dial;
mod errors;
pub mod limits;
pub mod probe;
pub mod pump;
pub mod roaming;
pub mod startup;
pub mod tls;

pub use cancel::Canceller;
pub use connect::{Credential, OnStage, Stage, Target, Upstream, connect};
pub use dial::{Admits, BoxStream, Dial, DialError, Dialled, Dialling, DirectDial, GatewayLost, Stream};
pub use errors::{Code, ConnectError, Reason};
pub use probe::{Report, StageReport, probe};
pub use pump::{
    Activity, Budget, Cancelled, Clock, Control, Downstream, Ending, Gate, Note, Phase, Policy, pump,
};
pub use roaming::{Roaming, settle};
pub use startup::Wishes;
pub use tls::{ClientCertificate, Distrust, PemError, Roots, Tls, TlsFacts, TlsRules, Verify};
