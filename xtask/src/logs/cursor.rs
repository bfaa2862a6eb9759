//! How far a container's log was read, so that reading goes on there: no line is lost, none comes twice.

/// The last line that was read of a container, by the node's own time stamps.
///
/// kubectl can go on from a whole second only (`--since-time`, RFC 3339 without a fraction). The node gives
/// the lines of the log from that second on in the same order as before, so those that were read are the
/// first of them. Two streams of a container may be a little out of order among themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The highest stamp that was read.
    last: Vec<u8>,
    /// How many lines were read since the beginning of its second.
    count: usize,
    /// The highest stamp, and how many lines may still come again, since the log was last begun.
    again: (Vec<u8>, usize),
}

/// The length of a time stamp up to its seconds: `2026-11-24T02:50:10`.
const SECONDS: usize = 19;

impl Cursor {
    /// From when on to read; `None` where nothing was read yet.
    pub fn since_time(&self) -> Option<String> {
        let zone = self.last.iter().skip(SECONDS);
        let zone = zone.skip_while(|byte| **byte == b'.' || byte.is_ascii_digit());
        let time = self.last.iter().take(SECONDS).chain(zone);
        let time: Vec<u8> = time.copied().collect();
        String::from_utf8(time).ok().filter(|time| !time.is_empty())
    }

    /// Says that the log is read again from [`Cursor::since_time`] on.
    pub fn begin(&mut self) {
        self.again = (self.last.clone(), self.count);
    }

    /// The line without its time stamp; `None` where it was read before.
    pub fn take<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        let Some((stamp, text)) = stamped(line) else {
            // The node's own words, such as that the log cannot be had.
            return Some(line);
        };
        if self.again.1 > 0 && *stamp <= *self.again.0 {
            self.again.1 -= 1;
            return None;
        }
        let second = |stamp: &[u8]| stamp.get(..SECONDS).map(<[u8]>::to_vec);
        match second(stamp).cmp(&second(&self.last)) {
            std::cmp::Ordering::Greater => self.count = 1,
            std::cmp::Ordering::Equal => self.count += 1,
            std::cmp::Ordering::Less => {}
        }
        if *stamp > *self.last {
            self.last = stamp.to_vec();
        }
        Some(text)
    }
}

/// The node's time stamp (RFC 3339 with nine digits of the second, so that they sort as text) and the line.
fn stamped(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.iter().take(40).position(|byte| *byte == b' ')?;
    let (stamp, text) = (&line[..end], &line[end + 1..]);
    let is_stamp = stamp.len() > SECONDS
        && stamp[..4].iter().all(u8::is_ascii_digit)
        && stamp[10] == b'T'
        && stamp[13] == b':';
    is_stamp.then_some((stamp, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(cursor: &mut Cursor, lines: &[&str]) -> Vec<String> {
        let taken = lines.iter().filter_map(|line| cursor.take(line.as_bytes()));
        taken
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .collect()
    }

    #[test]
    fn reading_goes_on_behind_the_last_line() {
        let lines = [
            "2026-11-24T02:50:09.900000000Z a\n",
            "2026-11-24T02:50:10.100000000Z b\n",
            "2026-11-24T02:50:10.100000000Z b\n",
            "2026-11-24T02:50:10.100000000Z b\n",
            "2026-11-24T02:50:11.000000000Z c\n",
        ];
        let mut cursor = Cursor::default();
        assert_eq!(cursor.since_time(), None);
        assert_eq!(read(&mut cursor, &lines[..3]), ["a\n", "b\n", "b\n"]);
        assert_eq!(cursor.since_time().unwrap(), "2026-11-24T02:50:10Z");
        cursor.begin();
        assert_eq!(read(&mut cursor, &lines[1..]), ["b\n", "c\n"]);
    }

    #[test]
    fn the_next_run_in_the_same_second_is_new() {
        let mut cursor = Cursor::default();
        read(&mut cursor, &["2026-11-24T02:50:10.100000000+01:00 a"]);
        assert_eq!(cursor.since_time().unwrap(), "2026-11-24T02:50:10+01:00");
        cursor.begin();
        let next = ["2026-11-24T02:50:10.200000000+01:00 a"];
        assert_eq!(read(&mut cursor, &next), ["a"]);
    }

    #[test]
    fn a_line_without_a_stamp_is_kept() {
        let mut cursor = Cursor::default();
        let odd = "unable to retrieve container logs for containerd://1";
        assert_eq!(read(&mut cursor, &[odd, ""]), [odd, ""]);
        assert_eq!(cursor, Cursor::default());
    }

    proptest! {
        #[test]
        fn however_often_it_is_cut_each_line_is_read_once(
            // Within a second the stamps are in any order, as where two streams meet.
            steps in prop::collection::vec((0_i64..2, 0_i64..10), 1..60),
            cuts in prop::collection::vec(0_usize..60, 0..5),
        ) {
            let mut second = 100;
            let lines: Vec<String> = steps.iter().enumerate().map(|(number, (step, tenth))| {
                second += step;
                format!("2026-11-24T02:{:02}:{:02}.{tenth}00000000Z {number}", second / 60, second % 60)
            }).collect();
            let mut cursor = Cursor::default();
            let mut taken = Vec::new();
            for cut in cuts.into_iter().chain([60]) {
                let since = cursor.since_time().unwrap_or_default();
                let since = since.trim_end_matches('Z');
                cursor.begin();
                let given = lines.iter().filter(|line| line[..SECONDS] >= *since);
                taken.extend(given.take(cut).filter_map(|line| cursor.take(line.as_bytes())).map(<[u8]>::to_vec));
            }
            let expected: Vec<_> = (0..lines.len()).map(|number| number.to_string().into_bytes()).collect();
            prop_assert_eq!(taken, expected);
        }

        #[test]
        fn no_line_is_too_strange(line in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut cursor = Cursor::default();
            cursor.take(&line);
            cursor.take(&[b"2026-11-24T02:50:10".as_slice(), &line].concat());
            cursor.since_time();
            cursor.begin();
            cursor.take(&line);
        }
    }
}
