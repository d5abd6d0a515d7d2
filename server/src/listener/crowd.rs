//! How many connections of one network are on their way in: one host cannot take all the room there is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Connections of one network that have not shown a token yet.
const MOST: usize = 64;

/// Who is on the way in, by network. Cheap to clone.
#[derive(Clone, Default)]
pub struct Crowd(Arc<Mutex<HashMap<String, usize>>>);

/// One of the crowd, until dropped.
pub struct Comer {
    crowd: Crowd,
    network: String,
}

impl Crowd {
    /// `None` where too many of the network are on their way already.
    pub fn join(&self, network: String) -> Option<Comer> {
        let mut crowd = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let n_there = crowd.entry(network.clone()).or_default();
        if *n_there >= MOST {
            return None;
        }
        *n_there += 1;
        drop(crowd);

        Some(Comer {
            crowd: self.clone(),
            network,
        })
    }
}

impl Drop for Comer {
    fn drop(&mut self) {
        let mut crowd = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n_there) = crowd.get_mut(&self.network) {
            *n_there -= 1;
            if *n_there == 0 {
                crowd.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_leaves_room_for_the_others() {
        let crowd = Crowd::default();
        let there: Vec<Comer> = (0..MOST)
            .filter_map(|_| crowd.join("192.0.2.7".to_owned()))
            .collect();

        assert_eq!(there.len(), MOST);
        assert!(crowd.join("192.0.2.7".to_owned()).is_none());
        assert!(crowd.join("192.0.2.8".to_owned()).is_some());
        drop(there);
        assert!(crowd.join("192.0.2.7".to_owned()).is_some());
        assert!(crowd.0.lock().unwrap().is_empty());
    }
}
