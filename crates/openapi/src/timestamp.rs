//! A moment in UTC with the resolution that the API uses.

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// `2025-01-15T08:30:00Z`, the form of `x-acs-date` and `Timestamp`.
    #[must_use]
    pub fn seconds(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// `2025-01-15T08:30Z`, the form of instance times.
    #[must_use]
    pub fn minutes(self) -> String {
        self.format("%Y-%m-%dT%H:%MZ")
    }

    /// `Wed, 15 Jan 2025 08:30:00 GMT`, the form of the `Date` header.
    #[must_use]
    pub fn http(self) -> String {
        self.format("%a, %d %b %Y %H:%M:%S GMT")
    }

    fn format(self, pattern: &str) -> String {
        let moment =
            jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        moment.strftime(pattern).to_string()
    }

    /// Reads `2025-01-15T08:30:00Z` or `2025-01-15T08:30Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let full = if text.len() == "2025-01-15T08:30Z".len() {
            text.replacen('Z', ":00Z", 1)
        } else {
            text.to_owned()
        };
        full.parse::<jiff::Timestamp>()
            .ok()
            .map(|moment| Self(moment.as_millisecond()))
    }

    /// Reads the value of a `Date` header.
    #[must_use]
    pub fn parse_http(text: &str) -> Option<Self> {
        let moment = jiff::fmt::rfc2822::DateTimeParser::new()
            .parse_timestamp(text.trim())
            .ok()?;
        Some(Self(moment.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_written_and_read() {
        let moment = Timestamp(1_736_929_800_000);
        assert_eq!(moment.seconds(), "2025-01-15T08:30:00Z");
        assert_eq!(moment.minutes(), "2025-01-15T08:30Z");
        assert_eq!(moment.http(), "Wed, 15 Jan 2025 08:30:00 GMT");
        assert_eq!(Timestamp::parse("2025-01-15T08:30:00Z"), Some(moment));
        assert_eq!(Timestamp::parse("2025-01-15T08:30Z"), Some(moment));
        assert_eq!(
            Timestamp::parse_http("Wed, 15 Jan 2025 08:30:00 GMT"),
            Some(moment)
        );
        for bad in [
            "",
            "2025-01-15",
            "2025-01-15T08:30:00",
            "yesterday",
            "2025-13-15T08:30Z",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
        assert_eq!(Timestamp::parse_http("15 January"), None);
    }
}
