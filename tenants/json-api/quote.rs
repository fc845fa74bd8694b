//! What a quote is: the rules for the request, and the sums. Money is whole cents throughout, never floating point.
use crate::json::{Document, Type};

/// Most items of one quote.
pub const ITEMS_MAX: usize = 50;
/// Bounds chosen so that no sum can overflow: 50 items x 10^8 cents x 10^4 pieces < 2^63.
const PRICE_CENTS_MAX: u64 = 100_000_000;
const QUANTITY_MAX: u64 = 10_000;
const NAME_BYTES_MAX: usize = 200;

/// A request that parses but breaks a rule. `item` and `field` say where, as in `/items/3/price`.
#[derive(Clone, Copy)]
pub struct Violation {
    pub item: Option<usize>,
    pub field: &'static str,
    pub rule: &'static str,
}

#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// The name as it stood between its quotes: valid JSON text, to be sent back as it is.
    pub name: &'a [u8],
    pub price_cents: u64,
    pub quantity: u64,
}

impl Item<'_> {
    pub fn total_cents(&self) -> u64 {
        self.price_cents * self.quantity
    }
}

pub struct Quote<'a> {
    pub currency: &'a [u8],
    pub items: [Item<'a>; ITEMS_MAX],
    pub count: usize,
    pub discount_percent: u64,
    pub tax_percent: u64,
}

/// The sums of a quote, in cents.
pub struct Sums {
    pub subtotal: u64,
    pub discount: u64,
    pub tax: u64,
    pub total: u64,
}

impl<'a> Quote<'a> {
    pub fn items(&self) -> &[Item<'a>] {
        self.items.get(..self.count).unwrap_or(&[])
    }

    /// Discount first, then tax on what is left; each rounded half up.
    pub fn sums(&self) -> Sums {
        let subtotal = self.items().iter().map(Item::total_cents).sum();
        let discount = percent_of(subtotal, self.discount_percent);
        let tax = percent_of(subtotal - discount, self.tax_percent);
        Sums { subtotal, discount, tax, total: subtotal - discount + tax }
    }
}

fn percent_of(cents: u64, percent: u64) -> u64 {
    cents / 100 * percent + (cents % 100 * percent + 50) / 100
}

/// Takes the quote out of a document, or says which rule it breaks first.
pub fn read<'a>(document: &Document<'a>) -> Result<Quote<'a>, Violation> {
    if document.node(0).kind != Type::Object {
        return Err(top("", "must be an object"));
    }
    let [currency, items, discount, tax] = members(document, 0, ["currency", "items", "discount_percent", "tax_percent"], None)?;
    let mut quote = Quote {
        currency: read_currency(document, currency)?,
        items: [Item { name: &[], price_cents: 0, quantity: 0 }; ITEMS_MAX],
        count: 0,
        discount_percent: read_percent(document, discount, "discount_percent")?,
        tax_percent: read_percent(document, tax, "tax_percent")?,
    };
    read_items(document, items, &mut quote)?;
    Ok(quote)
}

fn top(field: &'static str, rule: &'static str) -> Violation {
    Violation { item: None, field, rule }
}

/// Finds members by name. A name that is not asked for, or comes twice, is a mistake, not something to ignore.
fn members<const N: usize>(
    document: &Document<'_>,
    object: usize,
    names: [&'static str; N],
    item: Option<usize>,
) -> Result<[Option<usize>; N], Violation> {
    let mut found = [None; N];
    let mut violation = None;
    document.each_member(object, |name, value| {
        let known = names.iter().position(|wanted| wanted.as_bytes() == document.raw(name));
        match known.and_then(|place| found.get_mut(place).map(|slot| (place, slot))) {
            None => violation = Some(("", "has a member with an unknown name")),
            Some((place, slot)) if slot.is_some() => violation = names.get(place).map(|name| (*name, "stands twice")),
            Some((_, slot)) => *slot = Some(value),
        }
    });
    match violation {
        Some((field, rule)) => Err(Violation { item, field, rule }),
        None => Ok(found),
    }
}

fn read_currency<'a>(document: &Document<'a>, value: Option<usize>) -> Result<&'a [u8], Violation> {
    let code = value.filter(|&index| document.node(index).kind == Type::Text).map_or(&b""[..], |index| document.raw(index));
    if code.len() == 3 && code.iter().all(u8::is_ascii_uppercase) {
        return Ok(code);
    }
    Err(top("currency", "must be a string of three capital letters, such as \\\"EUR\\\""))
}

fn read_percent(document: &Document<'_>, value: Option<usize>, field: &'static str) -> Result<u64, Violation> {
    match value {
        None => Ok(0),
        Some(index) => whole(document, index, 100).ok_or_else(|| top(field, "must be a whole number from 0 to 100")),
    }
}

fn read_items<'a>(document: &Document<'a>, value: Option<usize>, quote: &mut Quote<'a>) -> Result<(), Violation> {
    let rule = "must be an array of 1 to 50 items";
    let array = value.filter(|&index| document.node(index).kind == Type::Array).ok_or_else(|| top("items", rule))?;
    let mut number = 0;
    let mut outcome = Ok(());
    document.each_element(array, |element| {
        if outcome.is_ok() {
            outcome = match quote.items.get_mut(number) {
                None => Err(top("items", rule)),
                Some(slot) => read_item(document, element, number).map(|item| *slot = item),
            };
        }
        number += 1;
    });
    quote.count = number;
    if number == 0 {
        return Err(top("items", rule));
    }
    outcome
}

fn read_item<'a>(document: &Document<'a>, element: usize, number: usize) -> Result<Item<'a>, Violation> {
    let fault = |field, rule| Violation { item: Some(number), field, rule };
    if document.node(element).kind != Type::Object {
        return Err(fault("", "must be an object"));
    }
    let [name, price, quantity] = members(document, element, ["name", "price", "quantity"], Some(number))?;
    let name = name.filter(|&index| document.node(index).kind == Type::Text).map_or(&b""[..], |index| document.raw(index));
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Err(fault("name", "must be a string of 1 to 200 bytes"));
    }
    let price_cents = price.and_then(|index| cents(document, index)).ok_or_else(|| {
        fault("price", "must be a number from 0 to 1000000 with at most two decimals")
    })?;
    let quantity = quantity.and_then(|index| whole(document, index, QUANTITY_MAX)).filter(|&count| count > 0);
    let quantity = quantity.ok_or_else(|| fault("quantity", "must be a whole number from 1 to 10000"))?;
    Ok(Item { name, price_cents, quantity })
}

/// A number written as digits only, at most `most`.
fn whole(document: &Document<'_>, index: usize, most: u64) -> Option<u64> {
    if document.node(index).kind != Type::Number {
        return None;
    }
    digits(document.raw(index)).filter(|&value| value <= most)
}

/// A price as cents: digits, and after a point one or two more.
fn cents(document: &Document<'_>, index: usize) -> Option<u64> {
    if document.node(index).kind != Type::Number {
        return None;
    }
    let mut parts = document.raw(index).splitn(2, |&byte| byte == b'.');
    let (units, fraction) = (digits(parts.next()?)?, parts.next().unwrap_or(b"0"));
    let fraction = match fraction.len() {
        1 => digits(fraction)? * 10,
        2 => digits(fraction)?,
        _ => return None,
    };
    units.checked_mul(100)?.checked_add(fraction).filter(|&value| value <= PRICE_CENTS_MAX)
}

fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 12 {
        return None;
    }
    text.iter().try_fold(0u64, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')))
}
