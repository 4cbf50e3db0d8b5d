//! A redis-server of a test's own: on a free port of the loopback, in a folder of its own, ended by its process ID
//! when it is dropped, also by a panic.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

pub(crate) struct Server {
    port: u16,
    folder: PathBuf,
    options: Vec<String>,
    process: Option<Child>,
}

impl Server {
    /// Starts one that keeps nothing on disk, with these options beside. `{folder}` is its own.
    pub(crate) fn start(options: &[&str]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("countersign-redis-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let options =
            options.iter().map(|option| option.replace("{folder}", folder.to_str().unwrap())).collect();
        let mut server = Self { port: 0, folder, options, process: None };
        // Between the port's being found free and its use another program may take it.
        for _ in 0..5 {
            server.port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
            if server.run() {
                return server;
            }
        }
        panic!("redis-server doesn't start");
    }

    /// Starts it again on its port, with what its folder holds.
    pub(crate) fn restart(&mut self) {
        self.kill();
        assert!(self.run(), "redis-server doesn't start again");
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Stops it, so that it answers nothing and closes nothing.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A connection past the store.
    pub(crate) fn connection(&self) -> redis::Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    fn run(&mut self) -> bool {
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"])
            .args(["--save", "", "--appendonly", "no", "--dir", self.folder.to_str().unwrap()])
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server can be started: apt-get install redis-server");
        let process = self.process.insert(process);
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port)).unwrap();
        for _ in 0..1000 {
            if process.try_wait().unwrap().is_some() {
                return false;
            }
            // An answer, be it that a password is needed.
            match client.get_connection_with_timeout(Duration::from_secs(5)) {
                Err(error) if error.is_connection_refusal() => thread::sleep(Duration::from_millis(10)),
                _ => return true,
            }
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
