//! The console as a caller meets it: routes, credentials, and attacks on its surface.

mod attacks;
mod audit;
mod budgets;
mod channels;
mod consent;
mod extensions;
mod faces;
mod gate;
mod knowledge;
mod models;
mod notifications;
mod passages;
mod people;
mod resources;
mod schedules;
mod search;
mod table;
mod vault;
mod webhooks;
mod workspace_files;
mod world;
