//! The keys of AWS Application Load Balancers: a key ID goes in, a snapshot with that key in it comes out,
//! fetched by itself as a PEM (Elastic Load Balancing, "Authenticate users using an Application Load Balancer").
//!
//! There is no set to fetch: each ID is asked for, and whoever writes a token chooses it. `held` decides what may
//! be asked and what is known, `source` asks and waits, `latch` wakes those who wait.

mod builder;
mod held;
mod key_id;
mod source;

pub use builder::LoadBalancerKeysBuilder;
pub use source::LoadBalancerKeys;
