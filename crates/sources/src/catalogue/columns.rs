//! The columns of catalogue files (INTERFACE §7).

use super::Kind;

type Columns = (&'static [(&'static str, &'static str)], &'static [&'static str]);

/// Every column that a file may have, in English and Chinese, and those that it must have.
pub(super) fn columns(kind: Kind) -> Columns {
    match kind {
        Kind::Grid => (
            &[("id", "编码"), ("name", "名称"), ("level", "层级"), ("parent", "上级"), ("geometry", "范围")],
            &["id", "name", "level"],
        ),
        Kind::Places => (
            &[
                ("id", "编码"),
                ("class", "类别"),
                ("name", "名称"),
                ("grid", "网格"),
                ("lon", "经度"),
                ("lat", "纬度"),
                ("crs", "坐标系"),
                ("geometry", "范围"),
                ("props", "属性"),
                ("combine", "合并"),
                ("units", "责任单位"),
            ],
            &["id", "class", "name"],
        ),
        Kind::Devices => (
            &[
                ("id", "编码"),
                ("kind", "类型"),
                ("name", "名称"),
                ("places", "点位"),
                ("upstream", "上级设备"),
                ("external_ids", "外部编号"),
                ("reports", "上报方式"),
                ("props", "属性"),
            ],
            &["id", "kind", "name"],
        ),
        Kind::Units => (
            &[
                ("id", "编码"),
                ("name", "名称"),
                ("kind", "类型"),
                ("grids", "负责网格"),
                ("competence", "职责"),
                ("capacity", "同时案件数"),
                ("phone", "电话"),
                ("valid_from", "生效"),
                ("valid_to", "失效"),
            ],
            &["id", "name", "competence"],
        ),
    }
}
