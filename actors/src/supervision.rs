//! OTP supervision on ractor.
