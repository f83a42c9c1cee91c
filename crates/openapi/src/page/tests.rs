use super::*;
use crate::action::{cms, ecs, tag, vpc};
use crate::json::parse;

const VPCS: Listing = Listing {
    style: Style::Number { size: 2 },
    rows: "Vpcs.Vpc",
    id: "VpcId",
};
const ENIS: Listing = Listing {
    style: Style::Token { size: 500 },
    rows: "NetworkInterfaceSets.NetworkInterfaceSet",
    id: "NetworkInterfaceId",
};

/// Walks over these replies and says what was asked each time and how it ended.
fn check(action: &'static Action, listing: Listing, replies: &[&str], expected: &str) {
    assert!(listing.style.fits(action));
    let mut walk = Walk::new(action, listing);
    let mut said = Vec::new();
    for reply in replies {
        let asked: Vec<String> = walk
            .params()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        said.push(asked.join(" "));
        match walk.accept(&parse(reply.as_bytes().to_vec()).unwrap()) {
            Ok(Next::More) => {}
            Ok(Next::Done) => said.push("done".to_owned()),
            Err(error) => said.push(error.to_string()),
        }
    }
    assert_eq!(said.join("; "), expected);
}

fn vpcs(total: &str, page: u32, ids: &[&str]) -> String {
    let rows: Vec<String> = ids
        .iter()
        .map(|id| format!(r#"{{"VpcId":"{id}"}}"#))
        .collect();
    format!(
        r#"{{"TotalCount":{total},"PageNumber":{page},"PageSize":2,"Vpcs":{{"Vpc":[{}]}}}}"#,
        rows.join(",")
    )
}

fn numbered(pages: &[String], expected: &str) {
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    check(&vpc::DESCRIBE_VPCS, VPCS, &pages, expected);
}

#[test]
fn pages_by_number_end_at_the_total() {
    numbered(&[vpcs("0", 1, &[])], "PageNumber=1 PageSize=2; done");
    numbered(
        &[vpcs("2", 1, &["a", "b"])],
        "PageNumber=1 PageSize=2; done",
    );
    numbered(
        &[vpcs("3", 1, &["a", "b"]), vpcs("3", 2, &["c"])],
        "PageNumber=1 PageSize=2; PageNumber=2 PageSize=2; done",
    );
    let rules = Listing {
        style: Style::Number { size: 100 },
        rows: "Alarms",
        id: "RuleId",
    };
    let page = r#"{"Total":"1","Alarms":[{"RuleId":"r"}]}"#;
    check(
        &cms::DESCRIBE_METRIC_RULE_LIST,
        rules,
        &[page],
        "Page=1 PageSize=100; done",
    );
}

#[test]
fn damaged_numbered_pages_are_refused() {
    let first = "PageNumber=1 PageSize=2; ";
    let second = "PageNumber=1 PageSize=2; PageNumber=2 PageSize=2; ";
    let damaged = |what: &str| format!("DescribeVpcs gave a damaged list: {what}");
    let moved = |what: &str| format!("the list of DescribeVpcs changed while it was read: {what}");
    let one = vpcs("3", 1, &["a", "b"]);
    numbered(
        &[r#"{"Vpcs":{"Vpc":[]}}"#.to_owned()],
        &format!("{first}{}", damaged("there is no total")),
    );
    numbered(
        &[vpcs("\"0\"", 1, &[])],
        &format!(
            "{first}{}",
            damaged("`TotalCount` is a text, not a whole number")
        ),
    );
    numbered(
        &[vpcs("null", 1, &[])],
        &format!(
            "{first}{}",
            damaged("`TotalCount` is null, not a whole number")
        ),
    );
    numbered(
        &[vpcs("0", 1, &[])
            .replace("\"PageSize\"", "\"NextToken\"")
            .replace("Number\":1", "Number\":\"1\"")],
        &format!(
            "{first}{}",
            damaged("`PageNumber` is a text, not a whole number")
        ),
    );
    numbered(
        &[vpcs("1", 1, &["a", "b"])],
        &format!("{first}{}", damaged("2 rows came, but the total is 1")),
    );
    numbered(
        &[vpcs("3", 2, &["a", "b"])],
        &format!("{first}{}", damaged("page 2 came instead of page 1")),
    );
    numbered(
        &[r#"{"TotalCount":0,"Images":{"Image":[]}}"#.to_owned()],
        &format!("{first}{}", damaged("`Vpcs.Vpc` is missing")),
    );
    numbered(
        &[vpcs("1", 1, &[""])],
        &format!("{first}{}", damaged("a row has no `VpcId`")),
    );
    numbered(
        &[one.clone(), vpcs("3", 2, &[])],
        &format!("{second}{}", damaged("page 2 is empty after 2 of 3 rows")),
    );
    numbered(
        &[one.clone(), vpcs("4", 2, &["c"])],
        &format!("{second}{}", moved("the total went from 3 to 4")),
    );
    numbered(
        &[one, vpcs("3", 2, &["b"])],
        &format!("{second}{}", moved("`b` came twice")),
    );
    let text = r#"{"TotalCount":0,"Vpcs":"none"}"#.to_owned();
    numbered(
        &[text],
        &format!("{first}{}", damaged("`Vpcs` is a text, not an object")),
    );
}

#[test]
fn pages_by_token_end_without_one() {
    let page = |id: &str, token: &str| {
        format!(
            r#"{{"NextToken":"{token}","NetworkInterfaceSets":{{"NetworkInterfaceSet":[{{"NetworkInterfaceId":"{id}"}}]}}}}"#
        )
    };
    let walk = |pages: &[String], expected: &str| {
        let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
        check(&ecs::DESCRIBE_NETWORK_INTERFACES, ENIS, &pages, expected);
    };
    walk(
        &[page("a", "t1"), page("b", "")],
        "MaxResults=500; MaxResults=500 NextToken=t1; done",
    );
    walk(
        &["{}".to_owned()],
        "MaxResults=500; DescribeNetworkInterfaces gave a damaged list: \
         `NetworkInterfaceSets.NetworkInterfaceSet` is missing",
    );
    let looping = "MaxResults=500; MaxResults=500 NextToken=t1; DescribeNetworkInterfaces gave a damaged list: a page token came twice";
    walk(&[page("a", "t1"), page("b", "t1")], looping);
    let twice = "MaxResults=500; MaxResults=500 NextToken=t1; the list of DescribeNetworkInterfaces changed while it was read: `a` came twice";
    walk(&[page("a", "t1"), page("a", "t2")], twice);
    let unsized_ = Listing {
        style: Style::Token { size: 50 },
        rows: "TagResources",
        id: "",
    };
    check(
        &ecs::LIST_TAG_RESOURCES,
        unsized_,
        &[
            r#"{"NextToken":"t","TagResources":[]}"#,
            r#"{"TagResources":[]}"#,
        ],
        "; NextToken=t; done",
    );
    check(
        &tag::LIST_TAG_RESOURCES,
        unsized_,
        &[r#"{"TagResources":[]}"#],
        "PageSize=50; done",
    );
    check(
        &vpc::DESCRIBE_ROUTE_ENTRY_LIST,
        Listing {
            rows: "RouteEntrys",
            ..unsized_
        },
        &[r#"{"RouteEntrys":[]}"#],
        "MaxResult=50; done",
    );
}

#[test]
fn one_page_means_one_page() {
    let listing = Listing {
        style: Style::One,
        rows: "Vpcs.Vpc",
        id: "VpcId",
    };
    let walk =
        |reply: &str, expected: &str| check(&vpc::DESCRIBE_VPCS, listing, &[reply], expected);
    walk(&vpcs("1", 1, &["a"]), "; done");
    walk(r#"{"Vpcs":{"Vpc":[]}}"#, "; done");
    walk(
        &vpcs("11", 1, &["a"]),
        "; DescribeVpcs gave a damaged list: 1 rows came, but the total is 11",
    );
    walk(
        r#"{"NextToken":"t","Vpcs":{"Vpc":[]}}"#,
        "; DescribeVpcs gave a damaged list: there are more pages than the one expected",
    );
}

#[test]
fn a_list_without_end_is_ended() {
    let mut walk = Walk::new(&ecs::DESCRIBE_NETWORK_INTERFACES, ENIS);
    let mut last = Ok(Next::More);
    let mut pages = 0;
    while last == Ok(Next::More) {
        pages += 1;
        let page = format!(
            r#"{{"NextToken":"t{pages}","NetworkInterfaceSets":{{"NetworkInterfaceSet":[]}}}}"#
        );
        last = walk.accept(&parse(page.as_bytes().to_vec()).unwrap());
    }
    assert_eq!(pages, PAGES_MAX);
    assert!(matches!(last, Err(PageError::Damaged { .. })));
}

#[test]
fn fields_of_a_nested_list_stand_beside_it() {
    let results = Listing {
        style: Style::Number { size: 1 },
        rows: "Invocation.InvocationResults.InvocationResult",
        id: "InstanceId",
    };
    let page = |id: &str| {
        format!(
            r#"{{"Invocation":{{"TotalCount":2,"InvocationResults":{{"InvocationResult":[{{"InstanceId":"{id}"}}]}}}}}}"#
        )
    };
    let (one, two) = (page("a"), page("b"));
    check(
        &ecs::DESCRIBE_INVOCATION_RESULTS,
        results,
        &[&one, &two],
        "PageNumber=1 PageSize=1; PageNumber=2 PageSize=1; done",
    );
}
