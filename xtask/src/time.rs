//! Times that others write.

use std::time::{Duration, SystemTime};

const DAY: i64 = 24 * 60 * 60;

/// Reads a time as RFC 3339 has it: `2026-11-24T14:23:28.894812982Z`, or with `+01:00` for `Z`.
pub fn read_rfc3339(text: &str) -> Option<SystemTime> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at(zone);
    let offset = match zone.strip_prefix(['+', '-']) {
        Some(away) => seconds(away)? * if zone.starts_with('-') { -1 } else { 1 },
        None => 0,
    };
    at(year, month, day, seconds(time)? - offset)
}

/// Reads the one form of HTTP's dates that is still sent (RFC 9110, 5.6.7): `Tue, 24 Nov 2026 14:23:28 GMT`.
pub fn read_http(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_, day, name, year, time, "GMT"] = words[..] else {
        return None;
    };
    let month = (1..).zip(MONTHS).find(|(_, month)| *month == name)?.0;
    at(year.parse().ok()?, month, day.parse().ok()?, seconds(time)?)
}

/// Seconds of `14:23`, `14:23:28` and `14:23:28.89`, whose fraction does not matter here.
fn seconds(time: &str) -> Option<i64> {
    let mut parts = time
        .split([':', '.'])
        .map(|part| part.parse::<i64>().ok().filter(|number| *number >= 0));
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    let valid = hours < 24 && minutes < 60 && seconds <= 60;
    valid.then(|| (hours * 60 + minutes) * 60 + seconds)
}

fn at(year: i64, month: i64, day: i64, seconds: i64) -> Option<SystemTime> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March here, so that a leap day is a year's last: 153 days in five months from March on.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days =
        year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let since = u64::try_from(days * DAY + seconds).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn times_are_read_as_date_reads_them() {
        // Each by `date -u -d TEXT +%s`.
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("2026-11-24T14:23:28.894812982Z", 1_795_530_208),
            ("2026-11-24T14:23:28+01:00", 1_795_526_608),
            ("2026-11-24T14:23:28-05:30", 1_795_550_008),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(read_rfc3339(text), Some(unix(seconds)), "{text}");
        }
        assert_eq!(
            read_http("Tue, 24 Nov 2026 14:23:28 GMT"),
            Some(unix(1_795_530_208))
        );
        for bad in [
            "",
            "T",
            "2026-11-24",
            "2026-13-01T00:00:00Z",
            "2026-11-24T25:00:00Z",
            "2026-11-24T14:23:28",
            "9e9-1-1T0:0Z",
            "2026-11-24T9223372036854775807:00Z",
            "0000-01-01T00:00:00Z",
        ] {
            assert_eq!(read_rfc3339(bad), None, "{bad}");
        }
        for bad in [
            "",
            "24 Nov 2026",
            "Tue, 24 Nov 2026 14:23:28 CET",
            "Tue, 24 Foo 2026 14:23:28 GMT",
        ] {
            assert_eq!(read_http(bad), None, "{bad}");
        }
    }
}
