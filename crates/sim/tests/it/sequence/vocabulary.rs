//! The calls of the sequences, one on each line.
//!
//! `Name=a|b` takes one of several values, `Name?=a` is left out half of the time. `$kind` is the
//! id of a resource of that kind in the rows, `$kind.field=value` that of one with this value;
//! `[$kind]` is the same as a JSON list. `draw.rs` has the other words with `$`. Every line must be
//! able to succeed: a test runs each until it has.

/// The default initial state, in which most calls can succeed. A line can begin with the
/// milliseconds that pass before it.
pub(crate) const FURNISHED: &str = "
vpc.ModifyVpcAttribute VpcId=$vpc EnableIPv6=true
10000 vpc.CreateVSwitch VpcId=$vpc ZoneId=cn-beijing-h CidrBlock=172.16.2.0/24 Ipv6CidrBlock=2
5000 vpc.CreateRouteTable VpcId=$vpc RouteTableName=own
vpc.AllocateEipAddress Bandwidth=5
5000 vpc.CreateNatGateway VpcId=$vpc VSwitchId=$vswitch NatType=Enhanced
60000 vpc.AssociateEipAddress AllocationId=$eip.state=Available InstanceId=$nat_gateway InstanceType=Nat
5000 vpc.CreateSnatEntry SnatTableId=$snat_table SnatIp=$unused SourceCIDR=10.9.0.0/16
vpc.AllocateEipAddress Bandwidth=5
5000 vpc.AssociateEipAddress AllocationId=$eip.state=Available InstanceId=$nat_gateway InstanceType=Nat
5000 vpc.CreateForwardEntry ForwardTableId=$forward_table ExternalIp=$unused ExternalPort=8000 IpProtocol=tcp InternalIp=172.16.1.9 InternalPort=22
vpc.AllocateEipAddress Bandwidth=5
vpc.AllocateEipAddress Bandwidth=5
vpc.CreateCommonBandwidthPackage Bandwidth=50
5000 vpc.AddCommonBandwidthPackageIp BandwidthPackageId=$bandwidth_package IpInstanceId=$eip.state=Available
vpc.AllocateEipAddress Bandwidth=5
5000 vpc.AssociateEipAddress AllocationId=$eip.state=Available InstanceId=$instance
vpc.CreateNetworkAcl VpcId=$vpc
ecs.RunInstances ImageFamily=acs:debian_12_x64 InstanceType=ecs.c7.large VSwitchId=$vswitch SecurityGroupId=$security_group InstanceChargeType=PrePaid Period=1 PeriodUnit=Month DataDisk.1.Size=20
ecs.CreateInstance ImageId=debian_12_6_x64_20G_alibase_20240711.vhd InstanceType=ecs.c7.large VSwitchId=$vswitch SecurityGroupId=$security_group
ecs.AuthorizeSecurityGroup SecurityGroupId=$security_group IpProtocol=tcp PortRange=80/80 SourceCidrIp=0.0.0.0/0
ecs.CreateSecurityGroup VpcId=$vpc SecurityGroupName=second
ecs.CreateNetworkInterface VSwitchId=$vswitch.cidr_block=172.16.2.0/24 SecurityGroupId=$security_group Ipv6AddressCount=1
40000 ecs.AttachNetworkInterface InstanceId=$instance.state=Stopped NetworkInterfaceId=$network_interface.state=Available
ecs.CreateSnapshot DiskId=$disk SnapshotName=first
60000 ecs.CreateImage SnapshotId=$snapshot ImageName=first
ecs.CreateDisk ZoneId=cn-beijing-h Size=500 DiskCategory=cloud_essd PerformanceLevel=PL0
ecs.CreateAutoSnapshotPolicy regionId=cn-beijing timePoints=[\"1\"] repeatWeekdays=[\"1\"] retentionDays=7
ecs.CreateLaunchTemplate LaunchTemplateName=web ImageId=debian_12_6_x64_20G_alibase_20240711.vhd InstanceType=ecs.c7.large
ecs.CreateLaunchTemplateVersion LaunchTemplateId=$launch_template ImageId=debian_12_6_x64_20G_alibase_20240711.vhd InstanceType=ecs.c7.xlarge
ecs.CreateDeploymentSet DeploymentSetName=spread Strategy=Availability
60000 ecs.CopyImage ImageId=$image DestinationRegionId=cn-hangzhou DestinationImageName=copy
cms.PutContact ContactName=web Describe=someone Channels.Mail=a@example.com
cms.PutContactGroup ContactGroupName=web ContactNames.1=$alarm_contact
cms.PutResourceMetricRule RuleId=web RuleName=cpu Namespace=acs_ecs_dashboard MetricName=CPUUtilization Resources=[{\"instanceId\":\"*\"}] ContactGroups=$alarm_contact_group Escalations.Critical.Statistics=Average Escalations.Critical.ComparisonOperator=GreaterThanThreshold Escalations.Critical.Threshold=90 Escalations.Critical.Times=3
";

/// Every action with the depth `life`, with parameters that can succeed.
pub(crate) const CALLS: &str = "
vpc.CreateVpc CidrBlock=172.16.0.0/12|10.0.0.0/8|192.168.0.0/16 VpcName?=$word Tag.1.Key?=a|b Tag.1.Value?=x|y
vpc.CreateVpc CidrBlock=10.0.0.0/8 EnableIpv6=true
vpc.ModifyVpcAttribute VpcId=$vpc EnableIPv6=true|false
vpc.CreateDefaultVpc EnableIpv6?=true
vpc.ModifyVpcAttribute VpcId=$vpc VpcName=$word Description?=$word
vpc.AssociateVpcCidrBlock VpcId=$vpc SecondaryCidrBlock=192.168.0.0/16|10.128.0.0/16
vpc.UnassociateVpcCidrBlock VpcId=$vpc SecondaryCidrBlock=192.168.0.0/16|10.128.0.0/16
vpc.DeleteVpc VpcId=$vpc
vpc.DescribeVpcAttribute VpcId=$vpc
vpc.CreateVSwitch VpcId=$vpc ZoneId=cn-beijing-h|cn-beijing-k CidrBlock=$block VSwitchName?=$word Tag.1.Key?=a|b
vpc.CreateVSwitch VpcId=$vpc ZoneId=cn-beijing-h CidrBlock=$block Ipv6CidrBlock=0|1|255
vpc.ModifyVSwitchAttribute VSwitchId=$vswitch EnableIPv6=true Ipv6CidrBlock=0|1|255
vpc.ModifyVSwitchAttribute VSwitchId=$vswitch EnableIPv6=false
vpc.CreateDefaultVSwitch ZoneId=cn-beijing-h|cn-beijing-k
vpc.ModifyVSwitchAttribute VSwitchId=$vswitch VSwitchName=$word
vpc.DeleteVSwitch VSwitchId=$vswitch
vpc.DescribeVSwitchAttributes VSwitchId=$vswitch
vpc.CreateRouteTable VpcId=$vpc RouteTableName?=$word
vpc.ModifyRouteTableAttributes RouteTableId=$route_table RouteTableName=$word
vpc.AssociateRouteTable RouteTableId=$route_table VSwitchId=$vswitch
vpc.UnassociateRouteTable RouteTableId=$route_table VSwitchId=$vswitch
vpc.DeleteRouteTable RouteTableId=$route_table
vpc.CreateRouteEntry RouteTableId=$route_table DestinationCidrBlock=$far NextHopType=Instance NextHopId=$instance
vpc.CreateRouteEntry RouteTableId=$route_table DestinationCidrBlock=$far NextHopType=NatGateway NextHopId=$nat_gateway
vpc.CreateRouteEntry RouteTableId=$route_table DestinationCidrBlock=$far NextHopType=NetworkInterface NextHopId=$network_interface
vpc.ModifyRouteEntry RouteEntryId=$route_entry RouteEntryName=$word
vpc.DeleteRouteEntry RouteEntryId=$route_entry
vpc.AllocateEipAddress Bandwidth?=1|5|200 InternetChargeType?=PayByTraffic|PayByBandwidth Name?=$word Tag.1.Key?=a|b Tag.1.Value?=x
vpc.AssociateEipAddress AllocationId=$eip InstanceId=$instance InstanceType?=EcsInstance
vpc.AssociateEipAddress AllocationId=$eip InstanceId=$network_interface InstanceType=NetworkInterface
vpc.AssociateEipAddress AllocationId=$eip InstanceId=$nat_gateway InstanceType=Nat
vpc.UnassociateEipAddress AllocationId=$eip
vpc.UnassociateEipAddress AllocationId=$eip.state=InUse InstanceId=$instance InstanceType=EcsInstance
vpc.ModifyEipAddressAttribute AllocationId=$eip Bandwidth=1|7|50
vpc.ReleaseEipAddress AllocationId=$eip
vpc.CreateCommonBandwidthPackage Bandwidth=5|50 Name?=$word
vpc.AddCommonBandwidthPackageIp BandwidthPackageId=$bandwidth_package IpInstanceId=$eip
vpc.RemoveCommonBandwidthPackageIp BandwidthPackageId=$bandwidth_package IpInstanceId=$eip
vpc.ModifyCommonBandwidthPackageSpec BandwidthPackageId=$bandwidth_package Bandwidth=6|60
vpc.ModifyCommonBandwidthPackageAttribute BandwidthPackageId=$bandwidth_package Name=$word
vpc.DeleteCommonBandwidthPackage BandwidthPackageId=$bandwidth_package Force?=true|false
vpc.CreateNatGateway VpcId=$vpc VSwitchId=$vswitch NatType=Enhanced Name?=$word NetworkType?=internet|intranet
vpc.ModifyNatGatewayAttribute NatGatewayId=$nat_gateway Name=$word
vpc.GetNatGatewayAttribute NatGatewayId=$nat_gateway
vpc.DeleteNatGateway NatGatewayId=$nat_gateway Force?=true|false
vpc.CreateSnatEntry SnatTableId=$snat_table SnatIp=$unused|$bound SourceVSwitchId=$vswitch
vpc.CreateSnatEntry SnatTableId=$snat_table SnatIp=$unused|$bound SourceCIDR=10.9.0.0/16|172.16.9.0/24
vpc.ModifySnatEntry SnatTableId=$snat_table SnatEntryId=$snat_entry SnatIp=$bound
vpc.DeleteSnatEntry SnatTableId=$snat_table SnatEntryId=$snat_entry
vpc.CreateForwardEntry ForwardTableId=$forward_table ExternalIp=$bound ExternalPort=$port IpProtocol=tcp|udp|TCP InternalIp=$address InternalPort=22|80
vpc.ModifyForwardEntry ForwardTableId=$forward_table ForwardEntryId=$forward_entry InternalPort=443|8080
vpc.DeleteForwardEntry ForwardTableId=$forward_table ForwardEntryId=$forward_entry
vpc.CreateNetworkAcl VpcId=$vpc NetworkAclName?=$word
vpc.AssociateNetworkAcl NetworkAclId=$network_acl Resource.1.ResourceType=VSwitch Resource.1.ResourceId=$vswitch
vpc.UnassociateNetworkAcl NetworkAclId=$network_acl Resource.1.ResourceType=VSwitch Resource.1.ResourceId=$vswitch
vpc.ModifyNetworkAclAttributes NetworkAclId=$network_acl NetworkAclName=$word
vpc.DeleteNetworkAcl NetworkAclId=$network_acl
vpc.TagResources ResourceType=VPC ResourceId.1=$vpc Tag.1.Key=a|b|c Tag.1.Value?=x|y
vpc.TagResources ResourceType=VSWITCH ResourceId.1=$vswitch ResourceId.2?=$vswitch Tag.1.Key=a|b|c Tag.1.Value?=x|y
vpc.TagResources ResourceType=EIP ResourceId.1=$eip Tag.1.Key=a|b|c Tag.1.Value?=x|y
vpc.UnTagResources ResourceType=VPC ResourceId.1=$vpc TagKey.1=a|b
vpc.UnTagResources ResourceType=EIP ResourceId.1=$eip All=true
vpc.MoveResourceGroup ResourceType=vpc ResourceId=$vpc NewResourceGroupId=rg-other
ecs.CreateSecurityGroup VpcId=$vpc SecurityGroupName?=$word SecurityGroupType?=normal|enterprise Tag.1.Key?=a|b Tag.1.Value?=x
ecs.ModifySecurityGroupAttribute SecurityGroupId=$security_group SecurityGroupName=$word
ecs.ModifySecurityGroupPolicy SecurityGroupId=$security_group InnerAccessPolicy=Accept|Drop
ecs.AuthorizeSecurityGroup SecurityGroupId=$security_group IpProtocol=tcp|TCP|udp PortRange=80/80|1/65535 SourceCidrIp=0.0.0.0/0|10.0.0.0/8 Priority?=1|100
ecs.AuthorizeSecurityGroup SecurityGroupId=$security_group IpProtocol=all PortRange=-1/-1 SourceGroupId=$security_group
ecs.AuthorizeSecurityGroup SecurityGroupId=$security_group Permissions.1.IpProtocol=icmp Permissions.1.PortRange=-1/-1 Permissions.1.SourcePrefixListId=$prefix_list
ecs.AuthorizeSecurityGroupEgress SecurityGroupId=$security_group IpProtocol=tcp PortRange=443/443 DestCidrIp=0.0.0.0/0|10.0.0.0/8 Policy?=accept|drop
ecs.ModifySecurityGroupRule SecurityGroupId=$security_group SecurityGroupRuleId=$ingress_rule Description=$word
ecs.ModifySecurityGroupEgressRule SecurityGroupId=$security_group SecurityGroupRuleId=$egress_rule Description=$word
ecs.RevokeSecurityGroup SecurityGroupId=$security_group SecurityGroupRuleId.1=$ingress_rule
ecs.RevokeSecurityGroup SecurityGroupId=$security_group IpProtocol=tcp PortRange=80/80 SourceCidrIp=0.0.0.0/0
ecs.RevokeSecurityGroupEgress SecurityGroupId=$security_group SecurityGroupRuleId.1=$egress_rule
ecs.DeleteSecurityGroup SecurityGroupId=$security_group
ecs.DescribeSecurityGroupAttribute SecurityGroupId=$security_group Direction?=ingress|egress
ecs.DescribeSecurityGroupReferences SecurityGroupId.1=$security_group
ecs.CreatePrefixList PrefixListName=$word AddressFamily=IPv4 MaxEntries=2|5|50 Entry.1.Cidr?=10.0.0.0/8|192.168.1.0/24
ecs.ModifyPrefixList PrefixListId=$prefix_list AddEntry.1.Cidr?=10.1.0.0/16|10.2.0.0/16 RemoveEntry.1.Cidr?=10.0.0.0/8
ecs.DescribePrefixListAttributes PrefixListId=$prefix_list
ecs.DescribePrefixListAssociations PrefixListId=$prefix_list
ecs.DeletePrefixList PrefixListId=$prefix_list
ecs.CreateKeyPair KeyPairName=$word Tag.1.Key?=a|b
ecs.AttachKeyPair KeyPairName=$key_pair InstanceIds=[$instance]
ecs.DetachKeyPair KeyPairName=$key_pair InstanceIds=[$instance]
ecs.DeleteKeyPairs KeyPairNames=[$key_pair]
ecs.RunInstances ImageFamily=acs:debian_12_x64|acs:ubuntu_24_04_x64 InstanceType=ecs.c7.large|ecs.c7.xlarge VSwitchId=$vswitch SecurityGroupId=$security_group Amount?=1|2|3 DataDisk.1.Size?=20|40 Tag.1.Key?=a|b Tag.1.Value?=x|y KeyPairName?=$key_pair
ecs.RunInstances ImageId=$image InstanceType=ecs.c7.large VSwitchId=$vswitch SecurityGroupIds.1=$security_group InternetMaxBandwidthOut?=0|5
ecs.RunInstances ImageFamily=acs:debian_12_x64 InstanceType=ecs.c7.large VSwitchId=$vswitch SecurityGroupId=$security_group PrivateIpAddress=$address DeletionProtection?=true|false DeploymentSetId?=$deployment_set
ecs.RunInstances ImageFamily=acs:debian_12_x64 InstanceType=ecs.c7.large VSwitchId=$vswitch SecurityGroupId=$security_group InstanceChargeType=PrePaid Period=1 PeriodUnit=Month
ecs.RunInstances ImageFamily=acs:debian_12_x64 InstanceType=ecs.c7.large VSwitchId=$vswitch SecurityGroupId=$security_group SpotStrategy=SpotAsPriceGo NetworkInterface.1.VSwitchId?=$vswitch NetworkInterface.1.SecurityGroupId?=$security_group
ecs.RunInstances LaunchTemplateId=$launch_template VSwitchId=$vswitch SecurityGroupId=$security_group
ecs.CreateInstance ImageId=debian_12_6_x64_20G_alibase_20240711.vhd InstanceType=ecs.c7.large VSwitchId=$vswitch SecurityGroupId=$security_group
ecs.StartInstance InstanceId=$instance
ecs.StartInstances InstanceId.1=$instance InstanceId.2?=$instance
ecs.StopInstance InstanceId=$instance ForceStop?=true|false StoppedMode?=KeepCharging|StopCharging
ecs.StopInstances InstanceId.1=$instance InstanceId.2?=$instance BatchOptimization?=AllTogether|SuccessFirst
ecs.RebootInstance InstanceId=$instance ForceStop?=true
ecs.RebootInstances InstanceId.1=$instance
ecs.DeleteInstance InstanceId=$instance Force?=true|false
ecs.DeleteInstances InstanceId.1=$instance InstanceId.2?=$instance Force?=true
ecs.ModifyInstanceAttribute InstanceId=$instance InstanceName?=$word Description?=$word DeletionProtection?=true|false HostName?=web|db
ecs.ModifyInstanceAttribute InstanceId=$instance SecurityGroupIds.1=$security_group SecurityGroupIds.2?=$security_group
ecs.ModifyInstanceSpec InstanceId=$instance InstanceType=ecs.c7.large|ecs.c7.xlarge|ecs.g7.large
ecs.ModifyInstanceSpec InstanceId=$instance InternetMaxBandwidthOut=0|3|9
ecs.ModifyInstanceNetworkSpec InstanceId=$instance InternetMaxBandwidthOut=0|2|8
ecs.AllocatePublicIpAddress InstanceId=$instance
ecs.ModifyPrepayInstanceSpec InstanceId=$instance InstanceType=ecs.c7.xlarge|ecs.c7.2xlarge
ecs.ModifyInstanceChargeType InstanceIds=[$instance] InstanceChargeType=PrePaid|PostPaid Period?=1
ecs.RenewInstance InstanceId=$instance Period=1
ecs.ModifyInstanceAutoRenewAttribute InstanceId=$instance AutoRenew=true|false Duration?=1
ecs.ModifyInstanceAutoReleaseTime InstanceId=$instance AutoReleaseTime?=2026-01-01T01:00:00Z
ecs.ModifyInstanceVpcAttribute InstanceId=$instance VSwitchId=$vswitch PrivateIpAddress?=$address
ecs.ModifyInstanceDeployment InstanceId=$instance DeploymentSetId=$deployment_set Force?=true
ecs.ModifyInstanceMetadataOptions InstanceId=$instance HttpEndpoint=enabled HttpTokens?=optional|required
ecs.ModifyInstanceMaintenanceAttributes InstanceId.1=$instance ActionOnMaintenance=Stop|AutoRecover
ecs.RedeployInstance InstanceId=$instance
ecs.JoinSecurityGroup SecurityGroupId=$security_group InstanceId=$instance
ecs.JoinSecurityGroup SecurityGroupId=$security_group NetworkInterfaceId=$network_interface
ecs.LeaveSecurityGroup SecurityGroupId=$security_group InstanceId=$instance
ecs.LeaveSecurityGroup SecurityGroupId=$security_group NetworkInterfaceId=$network_interface
ecs.AttachInstanceRamRole InstanceIds=[$instance] RamRoleName=web|db
ecs.DetachInstanceRamRole InstanceIds=[$instance]
ecs.DescribeInstanceAttribute InstanceId=$instance
ecs.DescribeUserData InstanceId=$instance
ecs.CreateDisk ZoneId=cn-beijing-h|cn-beijing-k Size=20|40|500 DiskCategory?=cloud_essd|cloud_efficiency|cloud_ssd DiskName?=$word Tag.1.Key?=a|b Tag.1.Value?=x
ecs.CreateDisk ZoneId=cn-beijing-h SnapshotId=$snapshot DiskCategory=cloud_essd
ecs.CreateDisk InstanceId=$instance Size=30 DiskCategory=cloud_essd
ecs.AttachDisk InstanceId=$instance DiskId=$disk DeleteWithInstance?=true|false
ecs.AttachDisk InstanceId=$bare_machine DiskId=$bare_disk Bootable=true Password=Abcd1234!
ecs.DetachDisk InstanceId=$instance DiskId=$disk
ecs.DetachDisk InstanceId=$instance.state=Stopped DiskId=$disk.system=true
ecs.ModifyDiskAttribute DiskId=$disk DiskName?=$word DeleteWithInstance?=true|false EnableAutoSnapshot?=true|false
ecs.ModifyDiskSpec DiskId=$disk PerformanceLevel=PL1|PL2
ecs.ModifyDiskSpec DiskId=$disk DiskCategory=cloud_essd|cloud_auto
ecs.ModifyDiskChargeType InstanceId=$instance.charge_type=PrePaid DiskIds=[$disk] DiskChargeType=PrePaid|PostPaid
ecs.ResizeDisk DiskId=$disk NewSize=50|60|600 Type?=offline|online
ecs.ReInitDisk DiskId=$disk
ecs.ResetDisk DiskId=$disk SnapshotId=$snapshot
ecs.ReplaceSystemDisk InstanceId=$instance ImageId=$image|debian_12_6_x64_20G_alibase_20240711.vhd
ecs.DeleteDisk DiskId=$disk
ecs.CreateNetworkInterface VSwitchId=$vswitch SecurityGroupId=$security_group PrimaryIpAddress?=$address Tag.1.Key?=a|b
ecs.AttachNetworkInterface InstanceId=$instance NetworkInterfaceId=$network_interface
ecs.DetachNetworkInterface InstanceId=$instance NetworkInterfaceId=$network_interface
ecs.ModifyNetworkInterfaceAttribute NetworkInterfaceId=$network_interface NetworkInterfaceName?=$word SecurityGroupId.1?=$security_group
ecs.AssignPrivateIpAddresses NetworkInterfaceId=$network_interface SecondaryPrivateIpAddressCount=1|3
ecs.AssignPrivateIpAddresses NetworkInterfaceId=$network_interface PrivateIpAddress.1=$address
ecs.UnassignPrivateIpAddresses NetworkInterfaceId=$network_interface PrivateIpAddress.1=$held
ecs.AssignIpv6Addresses NetworkInterfaceId=$network_interface Ipv6AddressCount=1|2
ecs.UnassignIpv6Addresses NetworkInterfaceId=$network_interface Ipv6Address.1=$ipv6
vpc.DescribeIpv6Addresses VSwitchId?=$vswitch
ecs.DescribeNetworkInterfaceAttribute NetworkInterfaceId=$network_interface
ecs.DeleteNetworkInterface NetworkInterfaceId=$network_interface
ecs.CreateSnapshot DiskId=$disk SnapshotName?=$word RetentionDays?=1|30 Tag.1.Key?=a|b
ecs.ModifySnapshotAttribute SnapshotId=$snapshot SnapshotName=$word
ecs.CopySnapshot SnapshotId=$snapshot DestinationRegionId=cn-hangzhou DestinationSnapshotName=$word DestinationSnapshotDescription=$word
ecs.DeleteSnapshot SnapshotId=$snapshot Force?=true|false
ecs.CreateSnapshotGroup InstanceId=$instance Name?=$word
ecs.ModifySnapshotGroup SnapshotGroupId=$snapshot_group Name=$word
ecs.DeleteSnapshotGroup SnapshotGroupId=$snapshot_group
ecs.CreateAutoSnapshotPolicy regionId=cn-beijing timePoints=[\"1\"]|[\"0\",\"12\"] repeatWeekdays=[\"1\",\"4\"]|[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"] retentionDays=1|-1|30
ecs.ModifyAutoSnapshotPolicyEx regionId=cn-beijing autoSnapshotPolicyId=$auto_snapshot_policy retentionDays=2|7
ecs.ApplyAutoSnapshotPolicy regionId=cn-beijing autoSnapshotPolicyId=$auto_snapshot_policy diskIds=[$disk]
ecs.CancelAutoSnapshotPolicy regionId=cn-beijing diskIds=[$disk]
ecs.DeleteAutoSnapshotPolicy regionId=cn-beijing autoSnapshotPolicyId=$auto_snapshot_policy
ecs.CreateImage InstanceId=$instance ImageName?=$word
ecs.CreateImage SnapshotId=$snapshot ImageName?=$word
ecs.CopyImage ImageId=$image DestinationRegionId=cn-hangzhou DestinationImageName?=$word
ecs.CancelCopyImage RegionId=cn-hangzhou ImageId=$image
ecs.ModifyImageAttribute ImageId=$image ImageName?=$word Description?=$word
ecs.ModifyImageSharePermission ImageId=$image AddAccount.1?=1234567890123456 RemoveAccount.1?=1234567890123456
ecs.DeleteImage ImageId=$image Force?=true|false
ecs.CreateLaunchTemplate LaunchTemplateName=$word ImageId=debian_12_6_x64_20G_alibase_20240711.vhd InstanceType=ecs.c7.large InstanceName?=$word
ecs.CreateLaunchTemplateVersion LaunchTemplateId=$launch_template ImageId=debian_12_6_x64_20G_alibase_20240711.vhd InstanceType=ecs.c7.xlarge
ecs.ModifyLaunchTemplateDefaultVersion LaunchTemplateId=$launch_template DefaultVersionNumber=1|2
ecs.DeleteLaunchTemplateVersion LaunchTemplateId=$launch_template DeleteVersion.1=1|2
ecs.DescribeLaunchTemplateVersions LaunchTemplateId=$launch_template
ecs.DeleteLaunchTemplate LaunchTemplateId=$launch_template
ecs.CreateDeploymentSet DeploymentSetName?=$word Strategy=Availability
ecs.ModifyDeploymentSetAttribute DeploymentSetId=$deployment_set DeploymentSetName=$word
ecs.DeleteDeploymentSet DeploymentSetId=$deployment_set
ecs.CreateCommand Name=$word Type=RunShellScript CommandContent=ZWNobyBoaQ==
ecs.ModifyCommand CommandId=$command Name=$word
ecs.InvokeCommand CommandId=$command InstanceId.1=$instance InstanceId.2?=$instance
ecs.RunCommand Type=RunShellScript CommandContent=ZWNobyBoaQ==|c2xlZXAgNjA= InstanceId.1=$instance
ecs.StopInvocation InvokeId=$invocation
ecs.DescribeInvocationResults InvokeId=$invocation
ecs.DeleteCommand CommandId=$command
ecs.TagResources ResourceType=instance ResourceId.1=$instance ResourceId.2?=$instance Tag.1.Key=a|b|c Tag.1.Value?=x|y
ecs.TagResources ResourceType=disk ResourceId.1=$disk Tag.1.Key=a|b|c Tag.1.Value?=x|y
ecs.TagResources ResourceType=securitygroup ResourceId.1=$security_group Tag.1.Key=a|b|c
ecs.TagResources ResourceType=snapshot ResourceId.1=$snapshot Tag.1.Key=a|b|c
ecs.TagResources ResourceType=image ResourceId.1=$image Tag.1.Key=a|b|c
ecs.TagResources ResourceType=eni ResourceId.1=$network_interface Tag.1.Key=a|b|c
ecs.UntagResources ResourceType=instance ResourceId.1=$instance TagKey.1=a|b
ecs.UntagResources ResourceType=disk ResourceId.1=$disk All=true
ecs.AddTags ResourceType=instance ResourceId=$instance Tag.1.Key=d Tag.1.Value=z
ecs.RemoveTags ResourceType=instance ResourceId=$instance Tag.1.Key=d
ecs.JoinResourceGroup ResourceType=instance ResourceId=$instance ResourceGroupId=rg-other
ecs.EnableDiskEncryptionByDefault
ecs.DisableDiskEncryptionByDefault
cms.PutContact ContactName=$word Describe=someone Channels.Mail=a@example.com
cms.DeleteContact ContactName=$alarm_contact
cms.PutContactGroup ContactGroupName=$word ContactNames.1?=$alarm_contact
cms.DeleteContactGroup ContactGroupName=$alarm_contact_group
cms.PutResourceMetricRule RuleId=$word RuleName=cpu Namespace=acs_ecs_dashboard MetricName=CPUUtilization Resources=[{\"instanceId\":\"*\"}] ContactGroups=$alarm_contact_group Escalations.Critical.Statistics=Average Escalations.Critical.ComparisonOperator=GreaterThanThreshold Escalations.Critical.Threshold=90 Escalations.Critical.Times=3
cms.PutMetricRuleTargets RuleId=$metric_alarm Targets.1.Id=t Targets.1.Arn=acs:mns:cn-beijing:1:/queues/x/messages
cms.DeleteMetricRuleTargets RuleId=$metric_alarm TargetIds.1=t
cms.DisableMetricRules RuleId.1=$metric_alarm
cms.EnableMetricRules RuleId.1=$metric_alarm
cms.DeleteMetricRules Id.1=$metric_alarm
cms.DescribeMetricLast Namespace=acs_ecs_dashboard MetricName=CPUUtilization
oos.CreateParameter Name=$word Type=String Value=x|y
oos.UpdateParameter Name=$parameter Value=p|q
oos.GetParameter Name=$parameter
oos.ListParameterVersions Name=$parameter
oos.DeleteParameter Name=$parameter
sts.AssumeRole RoleArn=$role RoleSessionName=run
sts.GetCallerIdentity
tag.TagResources ResourceARN.1=$arn Tags={\"e\":\"f\"}
tag.UntagResources ResourceARN.1=$arn TagKey.1=e
";
