//! All tables of the world in one list. A new kind of resource is one line here.

use crate::base::Base;
use crate::bookkeeping::{Counter, NoStock, Remembered};
use crate::product::cms::contact::Contact;
use crate::product::cms::contact_group::ContactGroup;
use crate::product::cms::custom::CustomMetric;
use crate::product::cms::load::Load;
use crate::product::cms::metric_rule::MetricRule;
use crate::product::cms::target::RuleTargets;
use crate::product::ecs::auto_snapshot_policy::AutoSnapshotPolicy;
use crate::product::ecs::command::Command;
use crate::product::ecs::deployment_set::DeploymentSet;
use crate::product::ecs::disk::Disk;
use crate::product::ecs::encryption::EncryptionByDefault;
use crate::product::ecs::event::SystemEvent;
use crate::product::ecs::guest::GuestRule;
use crate::product::ecs::image::Image;
use crate::product::ecs::instance::Instance;
use crate::product::ecs::instance::spot::Reclaim;
use crate::product::ecs::invocation::Invocation;
use crate::product::ecs::key_pair::KeyPair;
use crate::product::ecs::launch_template::LaunchTemplate;
use crate::product::ecs::network_interface::NetworkInterface;
use crate::product::ecs::prefix_list::PrefixList;
use crate::product::ecs::reserved_instance::ReservedInstance;
use crate::product::ecs::security_group::SecurityGroup;
use crate::product::ecs::snapshot::Snapshot;
use crate::product::ecs::snapshot::group::SnapshotGroup;
use crate::product::ecs::task::Task;
use crate::product::oos::parameter::Parameter;
use crate::product::sts::key::TemporaryKey;
use crate::product::vpc::bandwidth_package::BandwidthPackage;
use crate::product::vpc::eip::Eip;
use crate::product::vpc::forward::ForwardEntry;
use crate::product::vpc::nat::NatGateway;
use crate::product::vpc::network::Vpc;
use crate::product::vpc::network_acl::NetworkAcl;
use crate::product::vpc::route_entry::RouteEntry;
use crate::product::vpc::route_table::RouteTable;
use crate::product::vpc::snat::SnatEntry;
use crate::product::vpc::vswitch::VSwitch;
use crate::table::{Row, Table};
use crate::world::World;

/// One resource as the admin page and tests see it.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) kind: &'static str,
    pub(crate) state: &'a str,
    pub(crate) base: &'a Base,
}

/// Whether a row is a resource that somebody created and that is not released.
fn is_made_resource<T: Row>(row: &T) -> bool {
    !row.furnished() && row.base().is_some_and(|base| !base.released)
}

/// Whether a row is not released. Rows that are not resources never are.
fn is_kept<T: Row>(row: &T) -> bool {
    row.base().is_none_or(|base| !base.released)
}

macro_rules! tables {
    ($($field:ident: $row:ty,)*) => {
        /// The rows of every kind.
        #[derive(Debug, Clone, Default)]
        pub(crate) struct Tables {
            $(pub(crate) $field: Table<$row>,)*
        }

        /// The kinds of all rows.
        pub(crate) const KINDS: &[&str] = &[$(<$row as Row>::KIND,)*];

        impl Tables {
            /// Whether a row is a resource that readers see under this key.
            pub(crate) fn is_seen(&self, kind: &str, id: &str) -> bool {
                match kind {
                    $(<$row as Row>::KIND => self.$field.get(id).is_some_and(is_made_resource),)*
                    _ => false,
                }
            }

            /// Keeps the changes of the call. `touched` is called for every changed row, with the
            /// time of its next change of state.
            pub(crate) fn commit(
                &mut self,
                mut touched: impl FnMut(&'static str, String, Option<i64>),
            ) {
                $(
                    let ids: Vec<String> = self.$field.commit().collect();
                    for id in ids {
                        let due = self.$field.get(&id).and_then(Row::due_ms);
                        touched(<$row as Row>::KIND, id, due);
                    }
                )*
            }

            /// Undoes the changes of the call.
            pub(crate) fn undo(&mut self) {
                $(self.$field.undo();)*
            }

            /// The resources that the call in progress has created.
            pub(crate) fn fresh(&self) -> Vec<(&'static str, String)> {
                let mut made = Vec::new();
                $(made.extend(self.$field.fresh().map(|id| (<$row as Row>::KIND, id.to_owned())));)*
                made
            }

            /// The time of a row's next change of state.
            pub(crate) fn due_ms(&self, kind: &str, id: &str) -> Option<i64> {
                match kind {
                    $(<$row as Row>::KIND => self.$field.get(id).and_then(Row::due_ms),)*
                    _ => None,
                }
            }

            /// Whether readers see a resource.
            pub(crate) fn lives(&self, kind: &str, id: &str) -> bool {
                match kind {
                    $(<$row as Row>::KIND => self.$field.get(id).is_some_and(is_kept),)*
                    _ => false,
                }
            }

            /// The stored form of a row.
            pub(crate) fn stored(&self, kind: &str, id: &str) -> Option<String> {
                match kind {
                    $(<$row as Row>::KIND => self.$field.stored(id),)*
                    _ => None,
                }
            }

            /// Restores a stored row; false if the kind is unknown.
            pub(crate) fn load(
                &mut self,
                kind: &str,
                id: &str,
                text: &str,
            ) -> Result<bool, serde_json::Error> {
                match kind {
                    $(<$row as Row>::KIND => self.$field.load(id, text).map(|()| true),)*
                    _ => Ok(false),
                }
            }

            /// Kind, id and time of the next change of state of every row.
            pub(crate) fn keys(&self) -> Vec<(&'static str, String, Option<i64>)> {
                let mut keys = Vec::new();
                $(for (id, row) in self.$field.iter() {
                    keys.push((<$row as Row>::KIND, id.to_owned(), row.due_ms()));
                })*
                keys
            }

            /// All resources that somebody created and that readers can see.
            pub(crate) fn seen(&self) -> Vec<Seen<'_>> {
                let mut seen = Vec::new();
                $(seen.extend(self.$field.values().filter_map(|row| {
                    let base = row.base().filter(|base| !base.released && !row.furnished())?;
                    Some(Seen { kind: <$row as Row>::KIND, state: row.state(), base })
                }));)*
                seen
            }
        }

        /// Performs the change of state of a row that is due.
        pub(crate) fn step(world: &mut World, kind: &str, id: &str) {
            match kind {
                $(<$row as Row>::KIND => <$row as Row>::step(world, id),)*
                _ => {}
            }
        }
    };
}

tables! {
    vpcs: Vpc,
    vswitches: VSwitch,
    route_tables: RouteTable,
    route_entries: RouteEntry,
    eips: Eip,
    bandwidth_packages: BandwidthPackage,
    nat_gateways: NatGateway,
    snat_entries: SnatEntry,
    forward_entries: ForwardEntry,
    network_acls: NetworkAcl,
    security_groups: SecurityGroup,
    key_pairs: KeyPair,
    images: Image,
    instances: Instance,
    disks: Disk,
    network_interfaces: NetworkInterface,
    snapshots: Snapshot,
    launch_templates: LaunchTemplate,
    prefix_lists: PrefixList,
    reserved_instances: ReservedInstance,
    system_events: SystemEvent,
    spot_reclaims: Reclaim,
    snapshot_groups: SnapshotGroup,
    auto_snapshot_policies: AutoSnapshotPolicy,
    deployment_sets: DeploymentSet,
    commands: Command,
    invocations: Invocation,
    guest_rules: GuestRule,
    tasks: Task,
    encryption_by_default: EncryptionByDefault,
    metric_rules: MetricRule,
    contacts: Contact,
    contact_groups: ContactGroup,
    rule_targets: RuleTargets,
    loads: Load,
    custom_metrics: CustomMetric,
    parameters: Parameter,
    temporary_keys: TemporaryKey,
    tokens: Remembered,
    counters: Counter,
    no_stock: NoStock,
}
