//! How many are on their way in that come from one network, or with one token: nobody can take all the room there is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Who is on the way in, by where from. Cheap to clone.
#[derive(Clone)]
pub struct Crowd {
    most: usize,
    there: Arc<Mutex<HashMap<String, usize>>>,
}

/// One of the crowd, until dropped.
pub struct Comer {
    crowd: Crowd,
    origin: String,
}

impl Crowd {
    /// So many from one origin at one time.
    pub fn of(most: usize) -> Self {
        Self {
            most,
            there: Arc::default(),
        }
    }

    /// `None` where too many from there are on their way already.
    pub fn join(&self, origin: String) -> Option<Comer> {
        let mut crowd = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        let n_there = crowd.entry(origin.clone()).or_default();
        if *n_there >= self.most {
            return None;
        }
        *n_there += 1;
        drop(crowd);

        Some(Comer {
            crowd: self.clone(),
            origin,
        })
    }
}

impl Drop for Comer {
    fn drop(&mut self) {
        let mut crowd = self.crowd.there.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n_there) = crowd.get_mut(&self.origin) {
            *n_there -= 1;
            if *n_there == 0 {
                crowd.remove(&self.origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_leaves_room_for_the_others() {
        let crowd = Crowd::of(64);
        let there: Vec<Comer> = (0..64)
            .filter_map(|_| crowd.join("192.0.2.7".to_owned()))
            .collect();

        assert_eq!(there.len(), 64);
        assert!(crowd.join("192.0.2.7".to_owned()).is_none());
        assert!(crowd.join("192.0.2.8".to_owned()).is_some());
        drop(there);
        assert!(crowd.join("192.0.2.7".to_owned()).is_some());
        assert!(crowd.there.lock().unwrap().is_empty());
    }
}
