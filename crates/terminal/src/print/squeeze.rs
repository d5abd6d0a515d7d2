//! How columns of the wrapped format give way until the table fits: psql's rule, for widths of any size at once.

use super::table::Head;

/// What one column may give.
#[derive(Debug)]
struct Column<'a> {
    width: &'a mut usize,
    /// The column is not made narrower than its name.
    least: usize,
    average: f64,
    bonus: f64,
}

/// Takes `excess` from `widths`, each time one from the column that stands out most, the first of those that do so
/// alike; less where no column can give more.
///
/// A column stands out by its width against the average of its cells. That is less with each one taken, so what is
/// taken one by one is all that stands out more than some level, and of what stands out just so the first columns'.
/// The level is searched for: taking one by one would go through all columns for each of up to 2^28 turns.
pub(super) fn squeeze(widths: &mut [usize], heads: &[Head], n_rows: usize, excess: usize) {
    let mut columns: Vec<Column<'_>> = heads
        .iter()
        .zip(widths)
        .filter_map(|(head, width)| Column::of(head, width, n_rows))
        .collect();

    // Floats that are not negative are in the order of their bits.
    let (mut low, mut high) = (0, f64::INFINITY.to_bits());
    while low < high {
        let middle = low + (high - low) / 2;
        let level = f64::from_bits(middle);
        let gives = columns.iter().map(|column| *column.width - column.at(level));
        if gives.sum::<usize>() > excess {
            low = middle + 1;
        } else {
            high = middle;
        }
    }

    let mut left = excess;
    for column in &mut columns {
        let width = column.at(f64::from_bits(low));
        left -= *column.width - width;
        *column.width = width;
    }
    let Some(below) = low.checked_sub(1) else {
        return;
    };
    for column in &mut columns {
        let given = left.min(*column.width - column.at(f64::from_bits(below)));
        left -= given;
        *column.width -= given;
    }
}

impl<'a> Column<'a> {
    /// `None` for a column that gives nothing.
    fn of(head: &Head, width: &'a mut usize, n_rows: usize) -> Option<Self> {
        let average = head.sum / n_rows;
        (average > 0 && *width > head.name_width).then(|| Self {
            average: float(average),
            bonus: float(head.width()) * 0.01,
            least: head.name_width,
            width,
        })
    }

    fn ratio(&self, width: usize) -> f64 {
        float(width) / self.average + self.bonus
    }

    /// The greatest width with which the column stands out no more than `level`, or its least.
    fn at(&self, level: f64) -> usize {
        let (mut low, mut high) = (self.least, *self.width);
        while low < high {
            let middle = high - (high - low) / 2;
            if self.ratio(middle) > level {
                high = middle - 1;
            } else {
                low = middle;
            }
        }
        low
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "widths, of which a ratio is all that counts"
)]
fn float(width: usize) -> f64 {
    width as f64
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::super::table::Align;
    use super::*;

    fn head(name_width: usize, cell_width: usize, sum: usize) -> Head {
        Head {
            name: Bytes::new(),
            align: Align::Left,
            name_width,
            cell_width,
            has_newlines: false,
            sum,
        }
    }

    fn squeezed(heads: &[Head], n_rows: usize, excess: usize) -> Vec<usize> {
        let mut widths: Vec<_> = heads.iter().map(Head::width).collect();
        squeeze(&mut widths, heads, n_rows, excess);

        widths
    }

    /// One by one, as psql does it.
    fn taken_one_by_one(heads: &[Head], n_rows: usize, excess: usize) -> Vec<usize> {
        let mut widths: Vec<_> = heads.iter().map(Head::width).collect();
        for _ in 0..excess {
            let mut worst: Option<(f64, usize)> = None;
            for (idx, head) in heads.iter().enumerate() {
                let average = head.sum / n_rows;
                if average == 0 || widths[idx] <= head.name_width {
                    continue;
                }
                let ratio = float(widths[idx]) / float(average) + float(head.width()) * 0.01;
                if worst.is_none_or(|(most, _)| ratio > most) {
                    worst = Some((ratio, idx));
                }
            }
            let Some((_, idx)) = worst else {
                break;
            };
            widths[idx] -= 1;
        }

        widths
    }

    #[test]
    fn a_cell_of_200_million_columns_among_1599_others_gives_way_at_once() {
        let mut heads = vec![head(1, 200_000_000, 200_000_000)];
        heads.extend((1..1_600).map(|_| head(1, 1, 1)));
        assert_eq!(squeezed(&heads, 1, 199_990_000)[0], 10_000);

        // Columns that stand out alike give in turn, which is a turn for each column of the screen.
        let heads: Vec<_> = (0..1_600).map(|_| head(1, 125_000, 125_000)).collect();
        let widths = squeezed(&heads, 1, 1_600 * 124_990 + 1);
        assert_eq!((widths[0], widths[1], widths[1_599]), (9, 10, 10));
    }

    proptest! {
        #[test]
        fn widths_are_those_psql_comes_to_one_by_one(
            cells in prop::collection::vec((1_usize..9, 0_usize..40, 0_usize..30), 0..7),
            n_rows in 1_usize..4,
            excess in 0_usize..200,
        ) {
            let heads: Vec<_> = cells
                .into_iter()
                .map(|(name, cell, less)| head(name, cell, (cell * n_rows).saturating_sub(less)))
                .collect();

            prop_assert_eq!(squeezed(&heads, n_rows, excess), taken_one_by_one(&heads, n_rows, excess));
        }
    }
}
