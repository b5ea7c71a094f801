//! Records as a broker keeps them: one question of Kafka's protocol, asked by hand, for what no client tells.

use std::io::{Read, Write};
use std::net::TcpStream;

/// Fetch, in the oldest version that Kafka 4 still answers.
const FETCH: [i16; 2] = [1, 4];
/// More than the first batch of any test.
const MOST_BYTES: i32 = 1 << 20;

/// The codec of a partition's first batch, as its attributes name it: 0 = none, 3 = lz4.
pub(crate) fn codec(broker: &str, topic: &str, partition: i32) -> u8 {
    let batch = first_batch(broker, topic, partition);
    // Behind base offset, length, leader epoch, magic and checksum stand two bytes of attributes; magic must be 2.
    assert_eq!(batch[16], 2, "the broker keeps another format");
    batch[22] & 0b111
}

fn first_batch(broker: &str, topic: &str, partition: i32) -> Vec<u8> {
    let mut request = Vec::new();
    FETCH.iter().for_each(|word| request.extend(word.to_be_bytes()));
    // Correlation, then the name of this client.
    request.extend(7_i32.to_be_bytes());
    text(&mut request, "test");
    // No replica, no wait, no least size, a bound, and whatever is there, committed or not.
    [-1, 0, 0, MOST_BYTES].iter().for_each(|word: &i32| request.extend(word.to_be_bytes()));
    request.push(0);
    request.extend(1_i32.to_be_bytes());
    text(&mut request, topic);
    [1, partition].iter().for_each(|word: &i32| request.extend(word.to_be_bytes()));
    request.extend(0_i64.to_be_bytes());
    request.extend(MOST_BYTES.to_be_bytes());

    let mut broker = TcpStream::connect(broker).unwrap();
    broker.write_all(&i32::try_from(request.len()).unwrap().to_be_bytes()).unwrap();
    broker.write_all(&request).unwrap();
    let mut size = [0; 4];
    broker.read_exact(&mut size).unwrap();
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(size)).unwrap()];
    broker.read_exact(&mut answer).unwrap();

    let mut answer = Answer(&answer);
    let (_correlation, _throttle, _topics) = (answer.int(), answer.int(), answer.int());
    let name = answer.short();
    answer.bytes(usize::try_from(name).unwrap());
    let (_partitions, _partition) = (answer.int(), answer.int());
    assert_eq!(answer.short(), 0, "the broker does not give the partition");
    // Its end, and how far it is stable; then transactions, of which there are none.
    answer.bytes(16);
    assert!(answer.int() <= 0, "there are no transactions here");
    let size = answer.int();
    answer.bytes(usize::try_from(size).unwrap()).to_vec()
}

fn text(request: &mut Vec<u8>, text: &str) {
    request.extend(i16::try_from(text.len()).unwrap().to_be_bytes());
    request.extend(text.as_bytes());
}

/// What is left to read of an answer.
struct Answer<'a>(&'a [u8]);

impl<'a> Answer<'a> {
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn int(&mut self) -> i32 {
        i32::from_be_bytes(self.bytes(4).try_into().unwrap())
    }

    fn short(&mut self) -> i16 {
        i16::from_be_bytes(self.bytes(2).try_into().unwrap())
    }
}
