//! Links as people write them, and what is a chain.

use super::*;

#[test]
fn a_link_is_read_as_it_is_shown() {
    for text in [
        "cloud/big",
        "cloud",
        "router/maker/model:free",
        "cloud/big input<=1.25 output<=10 call<=0.05 prompt<=32000 prompt>=1000",
        "cloud/big output<=0.001",
        "cloud/big call<=0.000000001",
    ] {
        assert_eq!(text.parse::<Link>().unwrap().to_string(), text);
    }
    let link: Link = "  cloud/big   output<=2.50  ".parse().unwrap();
    assert_eq!(link.when.output_nano_max, Some(2_500));
    assert_eq!(link.to_string(), "cloud/big output<=2.5");
    assert_eq!("a call<=0.05".parse::<Link>().unwrap().when.call_nano_max, Some(50_000_000));
}

#[test]
fn what_is_no_link_is_refused_with_the_word_that_is_wrong() {
    for (text, word) in [
        ("a cheap", "cheap"),
        ("a output<=", "output<="),
        ("a output<=-1", "output<=-1"),
        ("a output<=1.2345", "output<=1.2345"),
        ("a output>=1", "output>=1"),
        ("a prompt<=1.5", "prompt<=1.5"),
        ("a prompt<=99999999999999999999", "prompt<=99999999999999999999"),
        ("a call<=99999999999", "call<=99999999999"),
    ] {
        assert_eq!(text.parse::<Link>(), Err(BadChain::Condition(word.to_owned())), "{text}");
    }
    for text in ["", "/model", &"x".repeat(201)] {
        assert_eq!(text.parse::<Link>(), Err(BadChain::Name), "{text}");
    }
    assert!("x".repeat(200).parse::<Link>().is_ok());
}

#[test]
fn a_chain_names_each_model_once_and_has_an_end() {
    let links = |count: usize| (0..count).map(|n| format!("b/{n}").parse().unwrap()).collect::<Vec<Link>>();
    let routing = |fallbacks| Routing { fallbacks, ..Routing::default() };
    assert_eq!(routing(links(FALLBACKS_MAX)).check("a", "m"), Ok(()));
    assert_eq!(routing(links(FALLBACKS_MAX + 1)).check("a", "m"), Err(BadChain::TooMany));
    assert_eq!(routing(links(2)).check("b", "1"), Err(BadChain::Twice("b/1".to_owned())));
    let names: Vec<_> = routing(links(2)).chain("a", "m").iter().map(Link::name).collect();
    assert_eq!(names, ["a/m", "b/0", "b/1"]);
}

#[test]
fn a_routing_is_stored_as_little_as_it_says() {
    assert_eq!(serde_json::to_string(&Routing::default()).unwrap(), "{}");
    let routing = Routing {
        local_only: true,
        when: Conditions { prompt_tokens_max: Some(5), ..Conditions::default() },
        fallbacks: vec!["b/m output<=1".parse().unwrap()],
    };
    let text = serde_json::to_string(&routing).unwrap();
    assert_eq!(
        text,
        r#"{"local_only":true,"when":{"prompt_tokens_max":5},"fallbacks":[{"backend":"b","model":"m","when":{"output_nano_max":1000}}]}"#
    );
    assert_eq!(serde_json::from_str::<Routing>(&text).unwrap(), routing);
}
