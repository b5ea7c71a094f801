//! The real program from outside: started, spoken to over HTTP, Kafka and a browser, killed, and held to account.
//!
//! One test program and not one a folder: they share the stage, and linking them once is minutes less.

#![cfg(test)]

mod api;
mod browser;
mod chaos;
mod city;
mod cli;
mod deploy;
mod e2e;
mod hostile;
mod import;
mod records;
mod stage;
