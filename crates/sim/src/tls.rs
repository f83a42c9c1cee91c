//! HTTPS for the server: a local authority, created at the first start, and handshakes in their own
//! tasks.
//!
//! Clients trust the file `ca.pem`. The authority's key stays in the folder, so that they need to
//! be given the file only once. The server's key is made at each start and never stored.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use setpoint_openapi::timestamp::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

mod certificate;

use certificate::Key;

/// A client that does not complete its handshake within this time is disconnected.
const GREETING: Duration = Duration::from_secs(10);

/// Reasons why HTTPS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of the authority cannot be read or written.
    #[error("the file `{path}` of the local authority cannot be used: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        source: std::io::Error,
    },
    /// The stored key of the authority is not valid.
    #[error("the key of the local authority cannot be read: {why}")]
    Key {
        /// The reason.
        why: String,
    },
    /// The system provides no random bits.
    #[error("the system provides no random bits for a key")]
    Random,
    /// The TLS library refuses the key or the certificate.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// The settings of TLS for a server.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    /// The file that clients must trust.
    pub ca_file: PathBuf,
}

impl Tls {
    /// Reads the authority of a folder, or creates it, and issues a certificate for `localhost`,
    /// 127.0.0.1, ::1 and the address listened on.
    ///
    /// # Errors
    /// If the folder cannot be used or its key is not valid.
    pub fn open(dir: &Path, address: IpAddr, now: Timestamp) -> Result<Self, TlsError> {
        let (ca_file, authority) = authority(dir, now)?;
        let key = Key::generate()?;
        let leaf = CertificateDer::from(certificate::server(&key, &authority, address, now)?);
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.pkcs8.clone()));
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(vec![leaf], secret)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            ca_file,
        })
    }
}

/// The authority's certificate file and key. An authority without one of them is created again.
#[expect(
    clippy::disallowed_methods,
    reason = "clients read the authority from a file"
)]
fn authority(dir: &Path, now: Timestamp) -> Result<(PathBuf, Key), TlsError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    std::fs::create_dir_all(dir).map_err(failed(dir))?;
    let dir = std::fs::canonicalize(dir).map_err(failed(dir))?;
    let (ca_file, key_file) = (dir.join("ca.pem"), dir.join("ca.key"));
    if let (Ok(stored), Ok(_)) = (std::fs::read(&key_file), std::fs::metadata(&ca_file)) {
        return Ok((ca_file, Key::read(&stored)?));
    }
    let key = Key::generate()?;
    replace(&dir, &key_file, &key.pkcs8, 0o600).map_err(failed(&key_file))?;
    let text = pem("CERTIFICATE", &certificate::authority(&key, now)?);
    // The certificate is written last: whoever finds it finds the key too.
    replace(&dir, &ca_file, text.as_bytes(), 0o644).map_err(failed(&ca_file))?;
    Ok((ca_file, key))
}

/// Writes a file completely or not at all, with these permissions from the start.
fn replace(dir: &Path, path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut draft = builder.tempfile_in(dir)?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|failed| failed.error)?;
    Ok(())
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    lines.extend(
        text.as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned()),
    );
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}

/// Connections that have completed their handshake. A slow handshake does not delay others.
pub(crate) struct Greeted {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl Greeted {
    /// Accepts connections from a listener until the value is dropped.
    pub(crate) fn new(listener: TcpListener, tls: &Tls) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(tls.config.clone());
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(async move {
            while !sender.is_closed() {
                let Ok((stream, peer)) = listener.accept().await else {
                    // For example, there are no file handles left; others may be returned soon.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    // Otherwise small answers wait for the client's acknowledgement.
                    drop(stream.set_nodelay(true));
                    if let Ok(Ok(stream)) =
                        tokio::time::timeout(GREETING, acceptor.accept(stream)).await
                    {
                        drop(sender.send((stream, peer)).await);
                    }
                });
            }
        });
        Ok(Self { ready, address })
    }
}

impl axum::serve::Listener for Greeted {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task ends only with this value.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}
