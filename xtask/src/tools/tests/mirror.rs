//! Fetching from a server on 127.0.0.1, which needs curl.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use super::{KUBECTL, Place, exec, missing};
use crate::stop::Reason;
use crate::tools::fetch::fetch;
use crate::tools::{Release, Source};

/// A server on 127.0.0.1 that gives each request the same reply, and notes the first line of each.
fn serve(reply: &'static [u8]) -> (Source, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let source = Source::Mirror(format!("http://{}/tools", listener.local_addr().unwrap()));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut request) = (stream.unwrap(), [0; 4096]);
            let length = stream.read(&mut request).unwrap();
            let line = String::from_utf8_lossy(&request[..length])
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            noted.lock().unwrap().push(line);
            stream.write_all(reply).unwrap();
        }
    });
    (source, asked)
}

#[test]
fn a_tool_comes_from_a_mirror_under_its_official_path() {
    if missing("curl") {
        return;
    }
    let place = Place::new();
    let release = place.release(KUBECTL);
    let (mirror, asked) =
        serve(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n\x7fELF kubectl");
    let path = place.fetch(&release, &mirror).unwrap();
    assert_eq!(fs::read(path).unwrap(), KUBECTL);
    assert_eq!(
        *asked.lock().unwrap(),
        ["GET /tools/release/v1/kubectl HTTP/1.1"]
    );
}

#[test]
fn what_curl_says_and_the_address_are_in_the_error() {
    if missing("curl") {
        return;
    }
    let place = Place::new();
    let release = place.release(KUBECTL);
    let gone: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let cut: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n\x7fELF";
    for (reply, words) in [(gone, "404"), (cut, "8 bytes")] {
        let (mirror, _) = serve(reply);
        let Source::Mirror(address) = &mirror else {
            panic!()
        };
        let problem = place.fetch(&release, &mirror).unwrap_err();
        assert!(
            problem.what.contains(words) && problem.what.contains(address.as_str()),
            "{problem}"
        );
        assert!(place.kept(&release).is_empty());
    }
}

#[test]
fn an_official_address_is_never_left_for_plain_http() {
    if missing("curl") {
        return;
    }
    let place = Place::new();
    let release = place.release(KUBECTL);
    let (Source::Mirror(address), asked) = serve(b"HTTP/1.1 200 OK\r\n\r\n") else {
        panic!()
    };
    let release = Release {
        address: format!("{address}/kubectl"),
        ..release
    };
    let problem = place.fetch(&release, &Source::Official).unwrap_err();
    assert!(problem.what.contains("rotocol"), "{problem}");
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn without_curl_it_is_curl_that_is_to_be_installed() {
    let place = Place::new();
    let release = place.release(KUBECTL);
    let exec = exec();
    exec.use_program("curl", place.folder.path().join("no-such-curl"));
    let problem = fetch(&exec, &place.cache, &release, &Source::Official, &|_, _| {}).unwrap_err();
    assert!(
        problem.what.contains("curl") && problem.do_next.starts_with("install curl"),
        "{problem}"
    );
}

#[test]
fn a_fetch_ends_when_it_is_time_to_end() {
    if missing("curl") {
        return;
    }
    let place = Place::new();
    let release = place.release(KUBECTL);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mirror = Source::Mirror(format!("http://{}", listener.local_addr().unwrap()));
    let exec = exec();
    thread::scope(|scope| {
        let fetched = scope.spawn(|| fetch(&exec, &place.cache, &release, &mirror, &|_, _| {}));
        // curl is there once it has connected; it never gets an answer.
        let connection = listener.accept().unwrap();
        exec.stop().ask(Reason::Signal(15));
        exec.end_children(true);
        assert!(fetched.join().unwrap().is_err());
        drop(connection);
    });
    assert!(place.kept(&release).is_empty());
}
