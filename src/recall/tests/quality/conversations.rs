//! Conversations made for measuring: six pairs of people, over a year, with facts among small talk. Written for this
//! project, deterministic, of no other origin.

/// A fact: what the other asks first (may be empty), what is said, and what is asked about it later. `{a}` and `{b}` are
/// values of each pair.
pub(super) struct Fact {
    pub(super) kind: &'static str,
    pub(super) asked: &'static str,
    pub(super) said: &'static str,
    pub(super) question: &'static str,
    pub(super) a: [&'static str; 6],
    pub(super) b: [&'static str; 6],
}

pub(super) const PAIRS: [[&str; 2]; 6] = [
    ["Ingrid", "Tomas"],
    ["Priya", "Leon"],
    ["Amara", "Felix"],
    ["Noor", "Bastian"],
    ["Yuki", "Marcus"],
    ["Elena", "Oscar"],
];

/// Small talk; it repeats names and everyday words.
pub(super) const SMALL_TALK: &[&str] = &[
    "Hey {other}! How have you been?",
    "Good to hear from you, {other}. Same here, busy week.",
    "That sounds great, {other}! I am happy for you.",
    "Ha, I know exactly what you mean.",
    "Thanks, {other}, that means a lot to me.",
    "What are you up to this weekend?",
    "Nothing special, just some rest and a good book.",
    "The weather has been awful here lately.",
    "Same. I can't wait for the summer.",
    "We should really catch up in person soon.",
    "Absolutely, let us find a day that works for both of us.",
    "Did you see the game last night?",
    "I missed it, was it any good?",
    "Work is keeping me busy, but I can't complain.",
    "Take care, {other}! Talk soon.",
    "Wow, really? Tell me more about it!",
    "I have been thinking about that as well.",
    "You always know what to say, {other}.",
    "It was so much fun, we laughed all evening.",
    "Time flies, I can't believe it is this month already.",
    "My family says hello, by the way.",
    "How is the family doing, {other}?",
    "They are all fine, thank you for asking.",
    "I had the same problem last year, it gets better.",
];

const NONE: [&str; 6] = [""; 6];

pub(super) const FACTS: &[Fact] = &[
    Fact {
        kind: "single",
        asked: "",
        said: "I finally signed up for a {a} class, the first lesson is on Thursday.",
        question: "Which class did {who} sign up for?",
        a: ["pottery", "salsa", "calligraphy", "kickboxing", "woodworking", "improv"],
        b: NONE,
    },
    Fact {
        kind: "single",
        asked: "What did you bring home from the shelter?",
        said: "A {a}! We named it {b}, and it already rules the house.",
        question: "What is the name of the pet that {who} got from the shelter?",
        a: ["grey kitten", "beagle puppy", "three-legged cat", "parrot", "rabbit", "greyhound"],
        b: ["Biscuit", "Pixel", "Mango", "Admiral", "Clover", "Comet"],
    },
    Fact {
        kind: "answer",
        asked: "So where are you going for your honeymoon?",
        said: "We settled on {a}, two whole weeks without a laptop.",
        question: "Where does {who} spend the honeymoon?",
        a: ["Iceland", "Sardinia", "Vietnam", "the Azores", "Patagonia", "Zanzibar"],
        b: NONE,
    },
    Fact {
        kind: "answer",
        asked: "And what did the doctor say about your knee?",
        said: "Torn {a}. No running for {b} weeks.",
        question: "What was the diagnosis of {who}'s knee?",
        a: ["meniscus", "ligament", "cartilage", "tendon", "meniscus again", "patella tendon"],
        b: ["six", "eight", "ten", "four", "twelve", "five"],
    },
    Fact {
        kind: "temporal",
        asked: "",
        said: "Yesterday I ran the {a} half marathon, my legs still hurt.",
        question: "When did {who} run the half marathon?",
        a: ["harbour", "city", "forest", "lakeside", "castle", "river"],
        b: NONE,
    },
    Fact {
        kind: "temporal",
        asked: "",
        said: "My sister got married last Saturday in a tiny chapel near {a}.",
        question: "When was the wedding of {who}'s sister?",
        a: ["Ghent", "Porto", "Lucca", "Bergen", "Krakow", "Toledo"],
        b: NONE,
    },
    Fact {
        kind: "paraphrase",
        asked: "",
        said: "I can't eat {a} any more, my throat swells up within minutes.",
        question: "What is {who} allergic to?",
        a: ["peanuts", "shrimp", "walnuts", "kiwis", "cashews", "sesame"],
        b: NONE,
    },
    Fact {
        kind: "paraphrase",
        asked: "",
        said: "They let me go on Friday, the whole {a} department was closed.",
        question: "Why did {who} lose the job?",
        a: ["printing", "catering", "logistics", "archive", "toy", "travel"],
        b: NONE,
    },
    Fact {
        kind: "entity",
        asked: "",
        said: "My mentor {a} taught me everything I know about {b}.",
        question: "Who taught {who} about {b}?",
        a: [
            "Professor Lindqvist",
            "old Mr Okafor",
            "Dr Castellano",
            "Aunt Bernadette",
            "Captain Reyes",
            "Madame Fournier",
        ],
        b: ["glaciers", "sourdough", "violins", "orchids", "sailing", "perfume"],
    },
    Fact {
        kind: "entity",
        asked: "",
        said: "We rented a cabin from a man called {a}, right next to the {b}.",
        question: "From whom did {who} rent a cabin?",
        a: ["Haakon", "Giancarlo", "Wendell", "Dragan", "Torvald", "Anselm"],
        b: ["lighthouse", "vineyard", "quarry", "waterfall", "dunes", "monastery"],
    },
    Fact {
        kind: "number",
        asked: "",
        said: "We collected {a} euros for the {b} at our garage sale.",
        question: "How much money did {who} raise at the garage sale?",
        a: ["840", "1,250", "615", "2,030", "475", "990"],
        b: ["animal rescue", "youth orchestra", "food bank", "school library", "hospice", "fire brigade"],
    },
    Fact {
        kind: "number",
        asked: "How many people came to your concert?",
        said: "About {a}, and half of them knew the lyrics!",
        question: "How many people were at {who}'s concert?",
        a: ["seventy", "two hundred", "forty", "ninety", "a hundred and twenty", "sixty"],
        b: NONE,
    },
    Fact {
        kind: "single",
        asked: "",
        said: "My grandmother left me her {a}, I keep it on the {b}.",
        question: "What did {who} inherit from the grandmother?",
        a: ["sewing machine", "pocket watch", "recipe book", "typewriter", "music box", "telescope"],
        b: ["windowsill", "mantelpiece", "top shelf", "landing", "nightstand", "balcony table"],
    },
    Fact {
        kind: "single",
        asked: "",
        said: "I'm learning {a} because my partner's parents speak nothing else.",
        question: "Which language is {who} learning?",
        a: ["Hungarian", "Tagalog", "Catalan", "Farsi", "Korean", "Basque"],
        b: NONE,
    },
    Fact {
        kind: "answer",
        asked: "Which instrument did you pick in the end?",
        said: "The {a}. The neighbours are being very patient.",
        question: "What instrument did {who} choose?",
        a: ["cello", "trombone", "banjo", "oboe", "accordion", "harp"],
        b: NONE,
    },
    Fact {
        kind: "paraphrase",
        asked: "",
        said: "The basement was under water after the storm, we threw away {a}.",
        question: "What did {who} have to discard because of the flood?",
        a: [
            "the old sofa",
            "forty records",
            "all the paint",
            "the ski gear",
            "the train set",
            "boxes of photographs",
        ],
        b: NONE,
    },
    Fact {
        kind: "temporal",
        asked: "",
        said: "I hand in my thesis about {a} next week, then I sleep for a month.",
        question: "When does {who} submit the thesis?",
        a: ["bridges", "bees", "tides", "taxes", "murals", "dialects"],
        b: NONE,
    },
    Fact {
        kind: "single",
        asked: "",
        said: "On Mondays I volunteer at the {a}.",
        question: "Where does {who} volunteer?",
        a: [
            "soup kitchen",
            "bird sanctuary",
            "repair cafe",
            "reading club",
            "crisis line",
            "community garden",
        ],
        b: NONE,
    },
    Fact {
        kind: "single",
        asked: "",
        said: "Since March I also volunteer with the {b} on weekends.",
        question: "With which groups does {who} volunteer?",
        a: NONE,
        b: [
            "mountain rescue",
            "chess school",
            "river cleaners",
            "night bus",
            "puppet theatre",
            "museum guides",
        ],
    },
    Fact {
        kind: "single",
        asked: "",
        said: "My favourite dish in the world is {a}, I could eat it every day.",
        question: "What food does {who} like most?",
        a: ["mushroom risotto", "lamb tagine", "okonomiyaki", "shakshuka", "pierogi", "ceviche"],
        b: NONE,
    },
    Fact {
        kind: "paraphrase",
        asked: "",
        said: "I'm terrified of {a}, I freeze completely.",
        question: "What is {who} afraid of?",
        a: ["thunder", "elevators", "moths", "deep water", "needles", "heights"],
        b: NONE,
    },
    Fact {
        kind: "entity",
        asked: "",
        said: "Our band is called {a} now, {b} plays the drums.",
        question: "What is the name of {who}'s band?",
        a: ["Velvet Anchors", "Paper Foxes", "Slow Comets", "Borrowed Coats", "Tin Parade", "Quiet Giants"],
        b: ["Rosa", "Emil", "Gwen", "Ravi", "Lotte", "Piet"],
    },
    Fact {
        kind: "answer",
        asked: "What are you baking for the fair?",
        said: "{a}, three trays of it, if the oven survives.",
        question: "What does {who} bake for the fair?",
        a: ["Rhubarb crumble", "Cardamom buns", "Lemon tart", "Gingerbread", "Plum cake", "Baklava"],
        b: NONE,
    },
    Fact {
        kind: "number",
        asked: "",
        said: "The new flat costs {a} a month, but it has a {b}.",
        question: "What is the rent of {who}'s new flat?",
        a: ["950", "1,180", "720", "1,400", "860", "1,060"],
        b: ["roof terrace", "fireplace", "piano room", "tiny garden", "bathtub", "workshop"],
    },
];

/// One line of a conversation.
pub(super) struct Said {
    pub(super) pair: usize,
    pub(super) who: &'static str,
    pub(super) text: String,
    pub(super) at_ms: i64,
    /// The fact that it is, and of whom.
    pub(super) fact: Option<usize>,
}

/// A question with the facts that answer it.
pub(super) struct Asked {
    pub(super) kind: &'static str,
    pub(super) pair: usize,
    pub(super) text: String,
    pub(super) facts: Vec<usize>,
}

const DAY_MS: i64 = 86_400_000;
/// 2023-02-03.
const START_MS: i64 = 1_675_418_400_000;

/// Everything that is said, in order.
pub(super) fn said() -> Vec<Said> {
    let mut all = Vec::new();
    for pair in 0..PAIRS.len() {
        for (at, fact) in FACTS.iter().enumerate() {
            session(&mut all, pair, at, fact);
        }
    }
    all
}

/// One session with one fact in it, a fortnight after the one before.
fn session(all: &mut Vec<Said>, pair: usize, at: usize, fact: &Fact) {
    let speaker = PAIRS[pair][(at + pair) % 2];
    let other = PAIRS[pair][(at + pair + 1) % 2];
    let mut now = START_MS + (at as i64) * 15 * DAY_MS + (pair as i64) * 3_600_000;
    let mut say = |who: &'static str, text: String, fact: Option<usize>| {
        now += 60_000;
        all.push(Said { pair, who, text, at_ms: now, fact });
    };
    let mut noise = pair * 7 + at * 5;
    let mut small = |count: usize, say: &mut dyn FnMut(&'static str, String, Option<usize>)| {
        for turn in 0..count {
            noise = (noise * 31 + 11) % 9_973;
            let (who, to) = if turn % 2 == 0 { (speaker, other) } else { (other, speaker) };
            say(who, SMALL_TALK[noise % SMALL_TALK.len()].replace("{other}", to), None);
        }
    };
    small(4 + (at + pair) % 3 * 2, &mut say);
    if !fact.asked.is_empty() {
        say(other, fact.asked.to_owned(), None);
    }
    say(speaker, filled(fact.said, pair, at, speaker), Some(at));
    say(other, format!("Oh {speaker}, that is something! And how do you feel about it?"), None);
    small(4 + (at * 2 + pair) % 4, &mut say);
}

/// Every question.
pub(super) fn asked() -> Vec<Asked> {
    let mut all = Vec::new();
    for pair in 0..PAIRS.len() {
        for (at, fact) in FACTS.iter().enumerate() {
            let speaker = PAIRS[pair][(at + pair) % 2];
            let facts = vec![at];
            let text = filled(fact.question, pair, at, speaker);
            all.push(Asked { kind: fact.kind, pair, text, facts });
        }
    }
    all
}

fn filled(text: &str, pair: usize, at: usize, who: &str) -> String {
    let fact = &FACTS[at];
    text.replace("{a}", fact.a[pair]).replace("{b}", fact.b[pair]).replace("{who}", who)
}
