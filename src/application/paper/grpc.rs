//! The RPCs of CatalogService that print a person or an application.

use futures_util::future::BoxFuture;
use tonic::Request;

use super::print::{self, Asked, Kind, Printed};
use crate::app::App;
use crate::db::Db;
use crate::proto::opsp::catalog::v1 as pb;
use crate::rpc::call::{Answer, Serves, read};
use crate::rpc::parse::area;

struct Forms(App);

impl Serves for Forms {
    fn db(&self) -> &Db {
        &self.0.db
    }
}

/// `CatalogService.GetForm`.
pub fn get_form(app: App, request: Request<pb::GetFormRequest>) -> BoxFuture<'static, Answer<pb::Form>> {
    Box::pin(async move {
        read(&Forms(app), request, |service, view, input| {
            Box::pin(async move {
                let asked = Asked {
                    kind: kind(input.kind()),
                    application: &input.application,
                    codes: &input.opsp_dise_codes,
                };
                Ok(message(print::for_person(&service.0, view, asked).await?))
            })
        })
        .await
    })
}

/// `CatalogService.GetBlankForm`.
pub fn get_blank_form(
    app: App,
    request: Request<pb::GetBlankFormRequest>,
) -> BoxFuture<'static, Answer<pb::Form>> {
    Box::pin(async move {
        read(&Forms(app), request, |service, view, input| {
            Box::pin(async move {
                let asked =
                    Asked { kind: kind(input.kind()), application: "", codes: &input.opsp_dise_codes };
                Ok(message(print::blank(&service.0, view, &area(&input.parent)?, asked).await?))
            })
        })
        .await
    })
}

/// The shape of the request admits no other.
fn kind(kind: pb::FormKind) -> Kind {
    match kind {
        pb::FormKind::Commitment => Kind::Commitment,
        pb::FormKind::Application | pb::FormKind::Unspecified => Kind::Application,
    }
}

fn message(printed: Printed) -> pb::Form {
    pb::Form {
        pdf: printed.pdf,
        form_number: printed.number.to_owned(),
        pages: i32::try_from(printed.pages).unwrap_or(i32::MAX),
        catalog_version: printed.cited.catalog_version,
        catalog_sha256: printed.cited.catalog_sha256,
        sample: printed.sample,
    }
}
