//! The first messages of a native client's connection: TLS, startup message, password.

use std::io;

use bytes::BytesMut;
use pg_proto::backend::CancelKey;
use pg_proto::frontend::Password;
use pg_proto::server::{Event, Reception, Refusal, Startup, Tls};
use proxy::{BoxStream, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, join};
use tokio_rustls::TlsAcceptor;

/// A client that is heard out.
pub struct Arrived {
    pub stream: BoxStream,
    pub reception: Reception,
    pub startup: Startup,
    /// Empty where none was asked for.
    pub password: Password,
}

/// A client that is answered and sent away.
pub struct Refused {
    pub stream: BoxStream,
    pub refusal: Refusal,
}

/// What came of a connection's first messages.
pub enum Arrival {
    Client(Box<Arrived>),
    Refused(Refused),
    /// It wants another connection's statement cancelled, and takes the end of the stream for done.
    Cancel(BoxStream, CancelKey),
}

/// What a client's way in asks of it.
#[derive(Clone)]
pub struct Terms {
    /// Offered, where there is a certificate.
    pub tls: Option<TlsAcceptor>,
    /// Nobody can listen in between: without TLS a password may be asked for all the same.
    pub is_private: bool,
    /// Otherwise it gives none.
    pub asks_password: bool,
}

/// Hears a client until all that its way in asks for is there.
///
/// # Errors
/// The connection was lost or closed before, or TLS failed: there is nobody to tell.
pub async fn receive<S: Stream + 'static>(stream: S, terms: &Terms) -> io::Result<Arrival> {
    let offered = if terms.tls.is_some() {
        Tls::Offered
    } else {
        Tls::NotOffered
    };
    let mut reception = Reception::new(offered);
    let mut stream: BoxStream = Box::new(stream);
    let mut startup = None;
    let mut out = BytesMut::new();
    loop {
        let event = match reception.poll_event(&mut out) {
            Ok(event) => event,
            Err(refusal) => return Ok(refused(stream, &mut out, refusal).await),
        };
        stream.write_all(&out.split()).await?;
        stream.flush().await?;
        match event {
            None => {
                let n_bytes = stream.read(reception.space()).await?;
                if n_bytes == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                reception.filled(n_bytes);
            }
            Some(Event::StartTls { read }) => {
                let acceptor = terms.tls.as_ref().ok_or(io::ErrorKind::Unsupported)?;
                let (reader, writer) = tokio::io::split(stream);
                let rejoined = join(io::Cursor::new(read).chain(reader), writer);
                let secure = acceptor.accept(rejoined).await?;
                let alpn = secure.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
                stream = Box::new(secure);
                if let Err(refusal) = reception.secured(alpn.as_deref()) {
                    return Ok(refused(stream, &mut out, refusal).await);
                }
            }
            Some(Event::Cancel(key)) => return Ok(Arrival::Cancel(stream, key)),
            Some(Event::Startup(asked)) => {
                if !terms.asks_password {
                    return Ok(Arrival::Client(Box::new(Arrived {
                        stream,
                        reception,
                        startup: asked,
                        password: Password::new(&[]),
                    })));
                }
                if !reception.is_secure() && !terms.is_private {
                    return Ok(refused(stream, &mut out, without_tls()).await);
                }
                reception.ask_password(&mut out);
                startup = Some(asked);
            }
            Some(Event::Password(password)) => {
                let startup = startup.take().ok_or(io::ErrorKind::InvalidData)?;

                return Ok(Arrival::Client(Box::new(Arrived {
                    stream,
                    reception,
                    startup,
                    password,
                })));
            }
        }
    }
}

/// What was to be said before goes before it.
async fn refused(mut stream: BoxStream, out: &mut BytesMut, refusal: Refusal) -> Arrival {
    // Who has gone is not told.
    let _ = stream.write_all(&out.split()).await;

    Arrival::Refused(Refused { stream, refusal })
}

fn without_tls() -> Refusal {
    Refusal::new(
        "28000",
        "the password would be sent where others can read it: connect with sslmode=require or stronger",
    )
}
