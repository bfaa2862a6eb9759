use super::*;

fn planned(inside: &Inside) -> anyhow::Result<Vec<Step>> {
    up(&config(), &running(), Some(inside))
}

#[test]
fn a_second_namespace_is_told_of_the_first_and_of_a_cluster_of_its_own() {
    let inside = Inside {
        elsewhere: Some("first".into()),
        ..Inside::default()
    };
    let error = planned(&inside).unwrap_err().to_string();
    for words in [
        "has its preview in the namespace first",
        "`--namespace first`",
        "`--cluster-name NAME`",
    ] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn two_previews_that_are_there_already_go_on() {
    let inside = Inside {
        elsewhere: Some("first".into()),
        ..complete(&config())
    };
    assert!(planned(&inside).is_ok());
}
