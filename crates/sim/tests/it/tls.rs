//! HTTPS: the same protocol inside TLS, with an authority that stays the same.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use setpoint_sim::embedded::{Config, Embedded};
use setpoint_sim::server::{StartLine, serve};
use setpoint_sim::tls::Tls;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use crate::client::signed;
use crate::server::{exchange, http};

const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn open(dir: &Path) -> Tls {
    Tls::open(dir, LOOPBACK, (Config::system_clock())()).expect("an authority")
}

fn trusting(ca_file: &Path) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca_file).expect("a certificate"))
        .expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions");
    TlsConnector::from(Arc::new(
        config.with_root_certificates(roots).with_no_client_auth(),
    ))
}

#[test]
fn clients_that_trust_the_file_are_served_and_others_are_not() {
    let (dir, other) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let test = async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let cloud = Embedded::open(Config::new(Config::system_clock())).expect("a world");
        let tls = open(dir.path());
        let line = StartLine::new(address, Some(&tls), &cloud);
        assert_eq!(line.endpoint, format!("https://{address}"));
        let server = tokio::spawn(serve(listener, Some(tls), cloud.clone()));
        // One that connects and says nothing keeps nobody waiting.
        let _silent = TcpStream::connect(address).await.expect("listening");

        let connector = trusting(line.ca_file.as_deref().expect("a file"));
        for name in ["127.0.0.1", "localhost"] {
            let stream = TcpStream::connect(address).await.expect("listening");
            let name = ServerName::try_from(name).expect("a name");
            let mut stream = connector.connect(name, stream).await.expect("trusted");
            for _ in 0..2 {
                let request = signed(
                    &cloud.credential(),
                    (Config::system_clock())(),
                    "sts.GetCallerIdentity",
                    &[],
                );
                let (status, body) = exchange(&mut stream, &http(&request, "", false)).await;
                assert_eq!((status, &body["IdentityType"]), (200, &"Account".into()));
            }
        }

        let refused = async |connector: TlsConnector, name: &'static str| {
            let stream = TcpStream::connect(address).await.expect("listening");
            connector
                .connect(ServerName::try_from(name).expect("a name"), stream)
                .await
                .expect_err("a refusal")
                .to_string()
        };
        let stranger = refused(trusting(&open(other.path()).ca_file), "127.0.0.1").await;
        assert!(
            stranger.contains("UnknownIssuer") || stranger.contains("BadSignature"),
            "{stranger}"
        );
        let misnamed = refused(connector, "ecs.aliyuncs.com").await;
        assert!(misnamed.contains("not valid for name"), "{misnamed}");
        server.abort();
    };
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(20), test)
            .await
            .expect("in time")
    });
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the authority is a file")]
fn the_authority_stays_and_its_key_is_private() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = std::fs::read(open(dir.path()).ca_file).expect("a file");
    assert_eq!(
        std::fs::read(open(dir.path()).ca_file).expect("a file"),
        first
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(dir.path().join("ca.key"))
            .expect("a key")
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
    std::fs::write(dir.path().join("ca.key"), "no key").expect("written");
    assert!(Tls::open(dir.path(), LOOPBACK, (Config::system_clock())()).is_err());
}
