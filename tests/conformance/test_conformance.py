"""Every built-in connector under every rule: one line each."""

from __future__ import annotations

from syncer.connect.testing.sample.conformance import SampleAdapter
from syncer.connect.testing.suite import ConnectorSuite
from tests.conformance.azure_devops_adapter import AzureDevOps
from tests.conformance.github_adapter import GitHub
from tests.conformance.gitlab_adapter import GitLab, GitLabByRest
from tests.conformance.jira_adapters import JiraCloud, JiraDataCenter
from tests.conformance.linear_adapter import Linear
from tests.conformance.redmine_adapter import Redmine

TestJiraCloud = ConnectorSuite.of(JiraCloud)
TestJiraDataCenter = ConnectorSuite.of(JiraDataCenter)
TestGitHub = ConnectorSuite.of(GitHub)
TestGitLab = ConnectorSuite.of(GitLab)
TestGitLabByRest = ConnectorSuite.of(GitLabByRest)
TestAzureDevOps = ConnectorSuite.of(AzureDevOps)
TestLinear = ConnectorSuite.of(Linear)
TestRedmine = ConnectorSuite.of(Redmine)
TestSample = ConnectorSuite.of(SampleAdapter)
