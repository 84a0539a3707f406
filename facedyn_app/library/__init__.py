"""The library: session files, speakers, consent and enrolments, kept on disk."""
