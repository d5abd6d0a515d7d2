//! Where clients come in: a local port, or a Unix socket for nobody but its owner.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::umask;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

use crate::exit::{Exit, Failure};

/// The port in the name of a Unix socket.
const PORT: u16 = 5432;

/// A client's connection.
pub trait Local: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Local for T {}

/// What is listened on.
pub enum Door {
    Tcp(TcpListener, SocketAddr),
    Unix(Socket),
}

/// A Unix socket; its file goes with it.
pub struct Socket {
    listener: UnixListener,
    folder: PathBuf,
    path: PathBuf,
}

impl Door {
    /// # Errors
    /// The address is taken, or not this machine's.
    pub async fn tcp(host: IpAddr, port: u16) -> Result<Self, Failure> {
        let wrong = |error: io::Error| {
            let sentence = if error.kind() == ErrorKind::AddrInUse {
                format!("Port {port} is already in use. Choose another with --port.")
            } else {
                format!("{} cannot be listened on: {error}.", SocketAddr::new(host, port))
            };

            Failure::new(Exit::Usage, sentence)
        };
        let listener = TcpListener::bind((host, port)).await.map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;

        Ok(Self::Tcp(listener, address))
    }

    /// # Errors
    /// The folder is none, or somebody listens there already.
    pub fn socket(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(format!(".s.PGSQL.{PORT}"));
        let wrong = |problem: String| {
            Failure::new(
                Exit::Usage,
                format!("{} cannot be listened on: {problem}.", path.display()),
            )
        };
        if std::os::unix::net::UnixStream::connect(&path).is_ok() {
            return Err(wrong("another program listens there".to_owned()));
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(wrong(error.to_string())),
            Ok(()) | Err(_) => {}
        }
        let folder = folder.canonicalize().map_err(|error| wrong(error.to_string()))?;
        // Nobody else may connect at any moment, the first one included.
        let before = umask(Mode::RWXG | Mode::RWXO);
        let listener = UnixListener::bind(&path);
        umask(before);
        let listener = listener.map_err(|error| wrong(error.to_string()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            .map_err(|error| wrong(error.to_string()))?;

        Ok(Self::Unix(Socket {
            listener,
            folder,
            path,
        }))
    }

    /// The next client.
    ///
    /// # Errors
    /// The operating system has no room for one.
    pub async fn accept(&self) -> io::Result<Box<dyn Local>> {
        loop {
            match self.take().await {
                // That one has left already; the next may stay.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
                    ) => {}
                taken => return taken,
            }
        }
    }

    async fn take(&self) -> io::Result<Box<dyn Local>> {
        match self {
            Self::Tcp(listener, _) => {
                let (stream, _) = listener.accept().await?;
                // Messages are small and answers are waited for.
                stream.set_nodelay(true)?;

                Ok(Box::new(stream))
            }
            Self::Unix(socket) => Ok(Box::new(socket.listener.accept().await?.0)),
        }
    }

    /// As clients name it: an address, or the folder of a socket.
    pub fn host(&self) -> String {
        match self {
            Self::Tcp(_, address) if address.ip().is_unspecified() => "127.0.0.1".to_owned(),
            Self::Tcp(_, address) => address.ip().to_string(),
            Self::Unix(socket) => socket.folder.display().to_string(),
        }
    }

    /// Whether other machines reach it.
    pub fn is_open_to_others(&self) -> bool {
        match self {
            Self::Tcp(_, address) => !address.ip().is_loopback(),
            Self::Unix(_) => false,
        }
    }

    /// As it is listened on.
    pub fn place(&self) -> String {
        match self {
            Self::Tcp(_, address) => format!("{} port {}", address.ip(), address.port()),
            Self::Unix(socket) => format!("a Unix socket in {}", socket.folder.display()),
        }
    }

    pub fn port(&self) -> u16 {
        match self {
            Self::Tcp(_, address) => address.port(),
            Self::Unix(_) => PORT,
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that stays is replaced the next time.
        let _ = fs::remove_file(&self.path);
    }
}
